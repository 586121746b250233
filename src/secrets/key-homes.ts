import { join, resolve } from 'node:path'
import type { AgwFile, SecretEntry } from '../config/agw/file.ts'
import type { KeySlot } from '../config/slots.ts'
import { type FileFacts, fileFacts } from './read.ts'
import type { SecretSource, SourceContext } from './source.ts'
import { loadSource } from './sources/registry.ts'

/** What a set-up for Kubernetes leaves beside the config for kubectl, with the keys in it. */
export const SECRET_MANIFEST = 'kubernetes-secret.yaml'

/** A file that a value was found in, in the clear. */
export interface KeyHome {
  /** Absolute. */
  readonly file: string
  readonly facts: FileFacts
}

/** What names the files that keys may stand in. */
export interface Homes {
  readonly slots: readonly KeySlot[]
  readonly agw: AgwFile | undefined
  /** The dotenv file, read or not. */
  readonly variables: {
    readonly dotenv: { readonly file: string } | undefined
    readonly dotenvProblem: { readonly file: string } | undefined
  }
  /** Of the config. */
  readonly folder: string
}

type World = Pick<SourceContext, 'env' | 'configDir'>

/**
 * Every file that the config, agw.yaml or their dotenv file keep keys in, in the clear, the one beside it where a
 * rotation lays the old key down, and the manifest for kubectl. Absolute; none of them need be there.
 */
export async function keyHomes(
  { slots, agw, variables, folder }: Homes,
  { cwd, env }: { readonly cwd: string; readonly env: World['env'] },
): Promise<string[]> {
  const world = { env, configDir: folder }
  const entries = [...(agw?.entries.values() ?? [])]
  const named = await Promise.all(
    entries.map(async entry => {
      const files = filesOf((await loadSource(entry.kind)) as SecretSource, entry, world)
      return entry.kind === 'file' ? files.flatMap(withPrevious) : files
    }),
  )
  const own = slots.flatMap(({ file }) => (file === undefined ? [] : withPrevious(resolve(cwd, file))))
  const dotenv = variables.dotenv ?? variables.dotenvProblem
  const beside = [join(folder, SECRET_MANIFEST), ...(dotenv === undefined ? [] : [dotenv.file])]
  return [...new Set([...own, ...named.flat(), ...beside])]
}

/** Where a source has a value from that it has just given; `undefined` where that is no file, or not in the clear. */
export async function homeOf(
  source: SecretSource,
  entry: SecretEntry,
  world: World,
): Promise<KeyHome | undefined> {
  for (const file of filesOf(source, entry, world)) {
    const facts = await fileFacts(file, { credentialsDirectory: world.env['CREDENTIALS_DIRECTORY'] })
    if (facts !== undefined) return { file, facts }
  }
  return undefined
}

/** The file beside a key file that keeps the key before it. */
export function previousFile(path: string): string {
  return `${path}.previous`
}

function withPrevious(path: string): string[] {
  return [path, previousFile(path)]
}

function filesOf(source: SecretSource, entry: SecretEntry, world: World): readonly string[] {
  return source.files?.(entry, world) ?? []
}
