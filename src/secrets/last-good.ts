import { cleanPastedKey } from './detect.ts'
import type { FileFacts, FileProblem, SecretFile } from './read.ts'
import type { ResolvedSlot } from './resolved-slot.ts'
import { Secret } from './secret.ts'
import type { SourceProblem } from './source-problem.ts'
import type { DotenvFile } from './sources/dotenv.ts'
import { fileProblem } from './sources/file-problem.ts'
import type { VariableTable, VariableValue } from './variable-table.ts'

/** What is said of a place of keys while a gateway runs; each failure once, until it is over. */
export type KeepEvent =
  | {
      readonly event: 'source-failed'
      /** Absent for a key file that config.yaml names. */
      readonly variable?: string
      readonly place: string
      readonly message: string
      readonly hint: string
      /** The fingerprint of the value that goes on. */
      readonly kept: string
    }
  | { readonly event: 'source-recovered'; readonly variable?: string; readonly place: string }

/** A place as events name it. */
interface Place {
  readonly variable?: string
  readonly place: string
}

/**
 * The keys of `.env` and of key files that a running gateway uses: one that is gone, empty or no key any more stays as it
 * was, so that it holds up no other. Knows only what has served; a new place has to give a key by itself.
 */
export class LastGood {
  readonly #onEvent: (event: KeepEvent) => void
  #files = new Map<string, { readonly secret: Secret; readonly facts: FileFacts }>()
  #values = new Map<string, VariableValue>()
  readonly #failed = new Set<string>()

  constructor(onEvent: (event: KeepEvent) => void) {
    this.#onEvent = onEvent
  }

  /** Takes what has begun to serve as good. */
  remember({
    slots,
    variables,
  }: {
    readonly slots: readonly ResolvedSlot[]
    readonly variables: VariableTable
  }): void {
    this.#files = new Map()
    this.#values = new Map()
    for (const { slot, secret, file, facts } of slots) {
      if (secret !== undefined && file !== undefined && facts !== undefined)
        this.#files.set(file, { secret, facts })
      const found = slot.variable === undefined ? undefined : variables.lookup(slot.variable)
      // The others are kept by what asks their sources.
      if (slot.variable !== undefined && found?.home !== undefined && !found.isNamed)
        this.#values.set(slot.variable, found)
    }
  }

  /** A key file as read, or as it was. */
  file(path: string, shown: string, read: SecretFile): SecretFile {
    const good = this.#files.get(path)
    if (good === undefined) return read
    const outcome = read.ok ? read.secret : fileProblem(read.problem)
    const problem = refusal(outcome, good.secret, `the new content of ${shown}`)
    this.#tell({ place: `file ${shown}` }, problem, good.secret)
    return problem === undefined ? read : { ok: true, ...good }
  }

  /** The variables of the dotenv file that stay as they were. */
  dotenv(
    read: DotenvFile | FileProblem | undefined,
    wanted: readonly string[],
  ): ReadonlyMap<string, VariableValue> {
    const kept = new Map<string, VariableValue>()
    for (const [variable, good] of this.#values) {
      if (!wanted.includes(variable)) continue
      const { place, value } = good
      const outcome =
        read !== undefined && 'code' in read
          ? fileProblem(read)
          : (read?.values.get(variable) ?? notThere(variable, place))
      const problem = refusal(outcome, value, `the new value of ${variable} in ${place}`)
      this.#tell({ variable, place }, problem, value)
      if (problem !== undefined) kept.set(variable, good)
    }
    return kept
  }

  #tell(place: Place, problem: SourceProblem | undefined, kept: Secret): void {
    const id = JSON.stringify(place)
    if (problem === undefined) {
      if (this.#failed.delete(id)) this.#onEvent({ event: 'source-recovered', ...place })
      return
    }
    if (this.#failed.has(id)) return
    this.#failed.add(id)
    const { message, hint } = problem
    this.#onEvent({ event: 'source-failed', ...place, message, hint, kept: kept.fingerprint() })
  }
}

/** Why a new value cannot take the place of a good one; `what` names the new one. */
export function refusal(
  outcome: Secret | SourceProblem,
  good: Secret | undefined,
  what: string,
): SourceProblem | undefined {
  if (!(outcome instanceof Secret)) return outcome
  const cleaned = cleanPastedKey(outcome.reveal().trim())
  if (cleaned.ok || good === undefined) return undefined
  // A good one that would be refused itself is of a kind that this knows nothing of.
  if (cleaned.reason !== 'empty' && !cleanPastedKey(good.reveal().trim()).ok) return undefined
  return { code: 'malformed', message: `${what} is no key: ${cleaned.message}`, hint: cleaned.hint }
}

function notThere(variable: string, place: string): SourceProblem {
  const hint = 'write it there again, or take it out of the config'
  return { code: 'missing', message: `${variable} is not in ${place} any more`, hint }
}
