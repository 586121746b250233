import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { AgwError } from '../../errors.ts'
import type { Diagnostic } from '../diagnostic.ts'
import type { ConfigDocument } from '../document.ts'
import { ageMs, milliseconds } from '../duration.ts'
import { AGW_FILE } from '../find.ts'
import { readConfigBytes, readDocument } from '../read.ts'
import { shapeFindings } from '../validate.ts'
import type { Connections } from './connections.ts'
import type { SourceKind, SourcePlaces } from './places.ts'

/** One entry of `secrets`: the variable, the source's word, and what the source is told. */
export interface SecretEntry<K extends SourceKind = SourceKind> {
  readonly variable: string
  readonly kind: K
  readonly where: SourcePlaces[K]
  /** Milliseconds; undefined leaves it to the source. */
  readonly refreshMs: number | undefined
  readonly timeoutMs: number | undefined
}

/** How old keys may be. Milliseconds; undefined for no limit. */
export interface AgeLimits {
  readonly all: number | undefined
  /** By variable; stronger than `all`. */
  readonly own: ReadonlyMap<string, number>
}

/** agw.yaml, read and checked. Holds no secret. */
export interface AgwFile {
  /** Absolute. */
  readonly path: string
  readonly document: ConfigDocument
  readonly diagnostics: readonly Diagnostic[]
  /** By variable; empty while there is an error. */
  readonly entries: ReadonlyMap<string, SecretEntry>
  readonly connections: Connections
  readonly ageLimits: AgeLimits
  /** SHA-256 of the bytes, in hex: what trust is given to. */
  readonly hash: string
}

/**
 * Reads agw.yaml in a folder; `undefined` where there is none. `shown` is how messages call it. Findings are returned;
 * throws CONFIG_UNREADABLE when the file itself cannot be read.
 */
export async function readAgwFile(folder: string, shown = AGW_FILE): Promise<AgwFile | undefined> {
  const path = join(folder, AGW_FILE)
  let bytes: Uint8Array
  try {
    bytes = await readConfigBytes(path)
  } catch (error) {
    if (error instanceof AgwError && error.code === 'CONFIG_NOT_FOUND') return undefined
    throw error
  }
  return agwFileOf(bytes, path, shown)
}

/** The same for bytes that are not in the file yet. */
export async function agwFileOf(bytes: Uint8Array, path: string, shown = AGW_FILE): Promise<AgwFile> {
  const hash = createHash('sha256').update(bytes).digest('hex')
  const document = readDocument(bytes, { file: shown, literal: true })
  return { path, hash, document, ...(await check(document)) }
}

async function check(
  document: ConfigDocument,
): Promise<Pick<AgwFile, 'diagnostics' | 'entries' | 'connections' | 'ageLimits'>> {
  const ageLimits = { all: undefined, own: new Map<string, number>() }
  const nothing = { entries: new Map<string, SecretEntry>(), connections: {}, ageLimits }
  // A file of comments only is one without entries.
  const read = document.diagnostics.filter(one => one.code !== 'EMPTY_CONFIG')
  if (read.length > 0) return { ...nothing, diagnostics: read }
  if (document.data === undefined || document.data === null) return { ...nothing, diagnostics: [] }
  // Most configs have no agw.yaml: its schema is made when one is there.
  const { agwSchema } = await import('./schema.ts')
  const parsed = agwSchema.safeParse(document.data)
  if (parsed.error !== undefined) {
    return { ...nothing, diagnostics: shapeFindings(document, parsed.error.issues) }
  }
  const { secrets = {}, sources = {}, maxAge: oldest } = parsed.data
  const entries = Object.entries(secrets).flatMap(([variable, entry]) => {
    const { refresh, timeout, maxAge: _, ...places } = entry
    const [place] = Object.entries(places)
    if (place === undefined) return []
    const [kind, where] = place as [SourceKind, SourcePlaces[SourceKind]]
    return [{ variable, kind, where, refreshMs: milliseconds(refresh), timeoutMs: milliseconds(timeout) }]
  })
  const own = Object.entries(secrets).flatMap(([variable, { maxAge }]) => {
    const limit = ageMs(maxAge)
    return limit === undefined ? [] : [[variable, limit] as const]
  })
  return {
    diagnostics: [],
    entries: new Map(entries.map(one => [one.variable, one])),
    connections: sources,
    ageLimits: { all: ageMs(oldest), own: new Map(own) },
  }
}
