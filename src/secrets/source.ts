import type { Connections } from '../config/agw/connections.ts'
import type { SecretEntry } from '../config/agw/file.ts'
import type { SourceKind, SourcePlaces } from '../config/agw/places.ts'
import { AgwError, type ErrorCode } from '../errors.ts'
import type { Logins } from './logins.ts'
import type { Secret } from './secret.ts'
import type { ProblemCode, SourceProblem } from './source-problem.ts'
import type { StoredAt } from './stored-at.ts'

/** Where one value lives, for a variable. Holds no value, so it may be shown. */
export type Reference<K extends SourceKind = SourceKind> = Pick<SecretEntry<K>, 'variable' | 'kind' | 'where'>

/** What sources may ask of the world around them. */
export interface SourceContext {
  readonly env: Readonly<Record<string, string | undefined>>
  /** The folder of agw.yaml, where its relative paths start. */
  readonly configDir: string
  /** `sources` of agw.yaml. */
  readonly connections: Connections
  /** Keeps logins between batches; a command that reads once has none. */
  readonly logins?: Logins | undefined
  /** Aborted when the time of the source is up. */
  readonly signal?: AbortSignal | undefined
}

/** What a source may ask to tell a place: no login, no value. */
export type PlaceContext = Pick<SourceContext, 'env' | 'configDir' | 'connections'>

/** What a source found for each reference; one that is absent is missing. */
export type Outcomes<K extends SourceKind = SourceKind> = ReadonlyMap<Reference<K>, Secret | SourceProblem>

/** What a write did. */
export interface StoreResult {
  readonly changed: boolean
  /** Files that were written, absolute. */
  readonly files: readonly string[]
  /** They went, as nothing was left in them. */
  readonly isGone?: boolean
  /** What lies there is not the value that was to be taken away. */
  readonly isOther?: boolean
  /** What a person must know of it. */
  readonly note?: string
}

/** Another value than the one that was to go lies there, and stays. */
export const OTHER_STAYS: StoreResult = { changed: false, files: [], isOther: true }

/** How a source answers `agw doctor`. */
export interface Probe {
  readonly ok: boolean
  /** What is there, or why it cannot be used: one clause. */
  readonly detail: string
  readonly hint?: string
}

/** One kind of place that keeps secrets. */
export interface SecretSource<K extends SourceKind = SourceKind> {
  readonly kind: K
  /** Its entries are the user's: what lies under a name may be another project's. */
  readonly isShared?: boolean
  /** How long it has to answer, unless agw.yaml says otherwise. Milliseconds. */
  readonly timeoutMs: number
  /** How often `agw serve` asks again, unless agw.yaml says otherwise. Milliseconds; undefined where `watch` does. */
  readonly refreshMs?: number
  /** The place as a person would say it: `keychain agw/openai`. */
  describe(where: SourcePlaces[K]): string
  /**
   * Reads a batch. A reference that is absent from the answer is missing; what went wrong with another is a problem.
   * What it throws is a problem of the whole batch.
   */
  resolve(references: readonly Reference<K>[], context: SourceContext): Promise<Outcomes<K>>
  /** What to do where agw only reads: a clause for a person who wants to store a key there. For sources without `store`. */
  instead?(reference: Reference<K>): string
  /** Writes a value, and reads it back where others could interfere; read-only sources have none. Throws an AgwError. */
  store?(reference: Reference<K>, value: Secret, context: SourceContext): Promise<StoreResult>
  /**
   * Takes a value away; `changed` is false where there was none. A source that can look and remove in one step (under a
   * lock, by a version) leaves every other value than `only` where it is. Throws an AgwError.
   */
  remove?(reference: Reference<K>, context: SourceContext, only?: Secret): Promise<StoreResult>
  /** The files that hold the value in the clear, absolute; the first that is there counts. For sources that read such. */
  files?(reference: Reference<K>, context: Pick<SourceContext, 'env' | 'configDir'>): readonly string[]
  /**
   * Where the value is stored, for sources that can be told one place in several ways: defaults are written out, and what
   * does not change which value goes (a version, a stage) is left out. The others are compared as agw.yaml has them.
   */
  storedAt?(reference: Reference<K>, context: PlaceContext): StoredAt | Promise<StoredAt>
  /** Calls back when a value may have changed. */
  watch?(references: readonly Reference<K>[], changed: () => void, context: SourceContext): Disposable
  /** Whether the source can be used at all, without reading a value. */
  probe?(context: SourceContext): Promise<Probe>
}

const ERRORS: Partial<Record<ProblemCode, ErrorCode>> = {
  missing: 'SECRET_MISSING',
  empty: 'SECRET_MISSING',
  'not-installed': 'TOOL_MISSING',
}

/** A problem as the error to throw where the operation cannot go on without the value. */
export function problemError(problem: SourceProblem): AgwError {
  return new AgwError(ERRORS[problem.code] ?? 'SECRET_UNREADABLE', problem.message, { hint: problem.hint })
}

/** What was found, or its problem as an error. */
export function required<T>(found: T | SourceProblem): T {
  if (isProblem(found)) throw problemError(found)
  return found
}

function isProblem<T>(found: T | SourceProblem): found is SourceProblem {
  return typeof found === 'object' && found !== null && 'code' in found && 'hint' in found
}

/** Somebody else has changed the place between the reading and the writing: nothing was written. */
export function changedMeanwhile(place: string): AgwError {
  return new AgwError('CONFIG_CHANGED', `${place} was changed by somebody else in the meantime`, {
    hint: 'nothing was written: run the command again',
  })
}

/** What agw.yaml names is one version of many, which nobody can write. */
export function pinned(place: string, word: string): AgwError {
  return new AgwError('SLOT_NOT_WRITABLE', `${place} names one version, and only the newest can be written`, {
    hint: `take \`${word}\` out of its entry in agw.yaml first`,
  })
}

/** An error of a source as the problem of all that was asked of it. Anything but an AgwError is a bug, and stays one. */
export function errorProblem(error: unknown): SourceProblem {
  if (!(error instanceof AgwError)) throw error
  const code: ProblemCode = error.code === 'TOOL_MISSING' ? 'not-installed' : 'unreadable'
  return { code, message: error.message, hint: error.hint ?? '' }
}
