import { basename, join } from 'node:path'
import type { AgwFile, SecretEntry } from '../config/agw/file.ts'
import type { SourceKind } from '../config/agw/places.ts'
import { AgwError } from '../errors.ts'
import { type Gathered, gather } from './gather.ts'
import type { LastGood } from './last-good.ts'
import type { FileProblem } from './read.ts'
import { Secret } from './secret.ts'
import type { SourceContext } from './source.ts'
import type { SourceProblem } from './source-problem.ts'
import { type DotenvFile, readDotenvFile } from './sources/dotenv.ts'
import { fromEnvironment } from './sources/environment.ts'
import { isLocal } from './sources/registry.ts'
import { isTrusted, needsTrust, untrusted } from './trust.ts'
import type { DotenvProblem, VariableTable, VariableValue } from './variable-table.ts'

/** Reads the values of entries of agw.yaml; `gather`, or something that keeps them. */
export type Gather = (
  entries: readonly SecretEntry[],
  context: Omit<SourceContext, 'signal'>,
) => Promise<ReadonlyMap<string, Gathered>>

export interface VariableOptions {
  readonly env: Readonly<Record<string, string | undefined>>
  /** A dotenv file that must exist; `false` for none. Without it `.env` in `configDir` is read where there is one. */
  readonly envFile?: string | false | undefined
  readonly configDir: string
  /** How messages call a path; as it is unless told. */
  readonly shown?: ((path: string) => string) | undefined
  /** A dotenv file that cannot be read gives no values and a problem of the table, instead of an error. */
  readonly dotenvMayFail?: boolean | undefined
  /** agw.yaml, where there is one. */
  readonly agw?: AgwFile | undefined
  /** The variables whose sources in agw.yaml are asked; all of them unless told. */
  readonly wanted?: readonly string[] | undefined
  /** Ask only sources that are read from this machine. */
  readonly localOnly?: boolean | undefined
  /** `false` asks no source. */
  readonly gather?: Gather | false | undefined
  /** What stands in for keys of the dotenv file that have gone bad while a gateway runs. */
  readonly lastGood?: LastGood | undefined
}

/** The problem with its place, as one text. */
export function dotenvSentence({ shown, message, at }: DotenvProblem): string {
  return at === undefined ? message : `${shown}:${at.line}:${at.column}: ${message}`
}

/**
 * Variables from the process environment, then from the sources that agw.yaml names, then from a dotenv file: a
 * variable that is set in the process wins, even if it is empty; one that agw.yaml names is never taken from the dotenv
 * file, so that an old copy there cannot stand in for a source that fails. Throws CONFIG_NOT_FOUND for a named file
 * that does not exist, SECRET_UNREADABLE for one that cannot be read; a source that fails is a problem of its variable.
 */
export async function loadVariables(options: VariableOptions): Promise<VariableTable> {
  const { env, agw } = options
  const [read, gathered] = await Promise.all([readDotenv(options), gatherWanted(options)])
  const kept = options.lastGood?.dotenv(read, options.wanted ?? [])
  const dotenv = kept !== undefined && kept.size > 0 && isProblem(read) ? undefined : usable(read, options)
  const lookup = (name: string): VariableValue | undefined => {
    const own = fromEnvironment(name, env)
    const named = agw?.entries.has(name) ? gathered.get(name) : undefined
    const listed = dotenv?.values.get(name)
    const inDotenv = dotenv !== undefined && listed !== undefined ? [basename(dotenv.file)] : []
    if (own !== undefined) {
      const inAgw = agw?.entries.has(name) ? ['agw.yaml'] : []
      const overruled = [...inAgw, ...inDotenv]
      return { value: own, source: 'environment', isNamed: false, place: 'environment', overruled }
    }
    if (agw?.entries.has(name)) {
      if (!(named?.outcome instanceof Secret)) return undefined
      const kind = agw.entries.get(name)?.kind ?? 'env'
      const { outcome: value, described: place, home } = named
      return { value, source: kind, isNamed: true, home, place, overruled: inDotenv }
    }
    const before = kept?.get(name)
    if (before !== undefined) return before
    if (dotenv === undefined || listed === undefined) return undefined
    const { file, facts } = dotenv
    const home = { file, facts }
    return { value: listed, source: 'dotenv', isNamed: false, home, place: basename(file), overruled: [] }
  }
  return {
    lookup,
    expand: name => lookup(name)?.value.reveal(),
    problemOf: name => {
      const found = fromEnvironment(name, env) === undefined ? gathered.get(name) : undefined
      if (found === undefined || found.outcome instanceof Secret) return undefined
      return { ...found.outcome, source: agw?.entries.get(name)?.kind ?? 'env', place: found.described }
    },
    names: () => {
      const named = [...(agw?.entries.keys() ?? []), ...(dotenv?.values.keys() ?? [])]
      return [...new Set([...Object.keys(env), ...named])].sort()
    },
    dotenv,
    dotenvProblem: isProblem(read) && read.code !== 'missing' ? dotenvProblem(read, options) : undefined,
  }
}

function dotenvProblem({ code, message, hint, at }: FileProblem, options: VariableOptions): DotenvProblem {
  const file = dotenvPath(options)
  const shown = options.shown?.(file) ?? file
  return { file, shown, message: code === 'not-utf8' ? 'this is no text in UTF-8' : message, hint, at }
}

/** What the sources say of the variables that are wanted and that the process does not set itself. */
async function gatherWanted(options: VariableOptions): Promise<ReadonlyMap<string, Gathered>> {
  const { agw, env, configDir, wanted } = options
  if (agw === undefined || options.gather === false) return new Map()
  const entries = [...agw.entries.values()].filter(
    ({ variable }) => fromEnvironment(variable, env) === undefined && (wanted?.includes(variable) ?? true),
  )
  if (entries.length === 0) return new Map()
  const asked = options.localOnly === true ? entries.filter(({ kind }) => isLocal(kind)) : entries
  const trusted = await isTrusted(agw, env)
  const allowed = asked.filter(entry => trusted || !needsTrust(entry, agw))
  const context = { env, configDir, connections: agw.connections }
  const found = new Map(await (options.gather ?? gather)(allowed, context))
  for (const entry of entries.filter(one => !allowed.includes(one))) {
    const { variable, kind } = entry
    found.set(variable, {
      outcome: asked.includes(entry) ? untrusted(entry, agw) : notAsked(variable, kind),
      described: kind,
    })
  }
  return found
}

function notAsked(variable: string, kind: SourceKind): SourceProblem {
  return {
    code: 'not-configured',
    message: `${kind} is not asked for ${variable}: nothing is to leave this machine`,
    hint: 'nothing needs to be done',
  }
}

async function readDotenv(options: VariableOptions): Promise<DotenvFile | FileProblem | undefined> {
  if (options.envFile === false) return undefined
  const path = dotenvPath(options)
  return await readDotenvFile(path, options.shown?.(path))
}

function dotenvPath({ envFile, configDir }: VariableOptions): string {
  return envFile || join(configDir, '.env')
}

function usable(
  read: DotenvFile | FileProblem | undefined,
  options: VariableOptions,
): DotenvFile | undefined {
  const { envFile, dotenvMayFail } = options
  if (!isProblem(read)) return read
  if (read.code !== 'missing' && dotenvMayFail === true) return undefined
  if (read.code !== 'missing') {
    const problem = dotenvProblem(read, options)
    throw new AgwError('SECRET_UNREADABLE', dotenvSentence(problem), { hint: problem.hint })
  }
  if (envFile === undefined) return undefined
  throw new AgwError('CONFIG_NOT_FOUND', read.message, {
    hint: 'name another with --env-file PATH, or leave it out',
  })
}

function isProblem(read: DotenvFile | FileProblem | undefined): read is FileProblem {
  return read !== undefined && 'code' in read
}
