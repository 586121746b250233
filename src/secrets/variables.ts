import { join } from 'node:path'
import { AgwError } from '../errors.ts'
import type { FileProblem } from './read.ts'
import type { Secret } from './secret.ts'
import { type DotenvFile, readDotenvFile } from './sources/dotenv.ts'
import { fromEnvironment } from './sources/environment.ts'

export interface VariableOptions {
  readonly env: Readonly<Record<string, string | undefined>>
  /** A dotenv file that must exist; `false` for none. Without it `.env` in `configDir` is read where there is one. */
  readonly envFile?: string | false | undefined
  readonly configDir: string
}

/** A variable's value and which source won. */
export interface VariableValue {
  readonly value: Secret
  readonly source: 'environment' | 'dotenv'
  /** The dotenv file it comes from. */
  readonly file?: string
}

/** Every variable that config.yaml may use. */
export interface VariableTable {
  lookup(name: string): VariableValue | undefined
  /** The value as text, for the expansion of the config's text; hand it to nothing else. */
  expand(name: string): string | undefined
  /** All names, sorted: for did-you-mean. */
  names(): string[]
  /** The dotenv file that was read, with its findings, mode and kind. */
  readonly dotenv: DotenvFile | undefined
}

/**
 * Variables from the process environment, then from a dotenv file: a variable that is set in the process wins, even
 * if it is empty. Throws CONFIG_NOT_FOUND for a named file that does not exist, SECRET_UNREADABLE for one that cannot
 * be read.
 */
export async function loadVariables(options: VariableOptions): Promise<VariableTable> {
  const { env } = options
  const dotenv = await loadDotenv(options)
  const lookup = (name: string): VariableValue | undefined => {
    const own = fromEnvironment(name, env)
    if (own !== undefined) return { value: own, source: 'environment' }
    const value = dotenv?.values.get(name)
    return value && dotenv ? { value, source: 'dotenv', file: dotenv.file } : undefined
  }
  return {
    lookup,
    expand: name => lookup(name)?.value.reveal(),
    names: () => [...new Set([...Object.keys(env), ...(dotenv?.values.keys() ?? [])])].sort(),
    dotenv,
  }
}

async function loadDotenv({ envFile, configDir }: VariableOptions): Promise<DotenvFile | undefined> {
  if (envFile === false) return undefined
  const read = await readDotenvFile(envFile ?? join(configDir, '.env'))
  if (!isProblem(read)) return read
  if (read.code !== 'missing') throw new AgwError('SECRET_UNREADABLE', read.message, { hint: read.hint })
  if (envFile === undefined) return undefined
  throw new AgwError('CONFIG_NOT_FOUND', read.message, {
    hint: 'name another with --env-file PATH, or leave it out',
  })
}

function isProblem(read: DotenvFile | FileProblem): read is FileProblem {
  return 'code' in read
}
