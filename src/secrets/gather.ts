import { setTimeout as sleep } from 'node:timers/promises'
import type { SecretEntry } from '../config/agw/file.ts'
import { suggested } from '../suggested.ts'
import { LONGEST_TIMER_MS } from '../timers.ts'
import { homeOf, type KeyHome } from './key-homes.ts'
import { MAX_SECRET_BYTES } from './read.ts'
import { Secret } from './secret.ts'
import { errorProblem, type SecretSource, type SourceContext } from './source.ts'
import type { SourceProblem } from './source-problem.ts'
import { loadSource } from './sources/registry.ts'

/** A value, or why there is none, and the place as a person would say it. */
export interface Gathered {
  readonly outcome: Secret | SourceProblem
  readonly described: string
  /** The file that the value stands in, in the clear. */
  readonly home?: KeyHome | undefined
}

/** Wait before the second try of what may pass. Milliseconds. */
const RETRY_MS = 250
/** What a source has beyond its time to end by itself before it is left behind. Milliseconds. */
const GRACE_MS = 100

/**
 * Asks the sources of all entries at once, each kind in one batch with a time of its own: a source that does not
 * answer costs its own values only. Never throws on what a source does; by variable. When `ended` aborts, the time of all
 * of them is over.
 */
export async function gather(
  entries: readonly SecretEntry[],
  context: Omit<SourceContext, 'signal'>,
  ended?: AbortSignal,
): Promise<ReadonlyMap<string, Gathered>> {
  const batches = new Map<string, SecretEntry[]>()
  for (const entry of entries) {
    const key = `${entry.kind} ${entry.timeoutMs ?? ''}`
    batches.set(key, [...(batches.get(key) ?? []), entry])
  }
  const found = new Map<string, Gathered>()
  await Promise.all(
    [...batches.values()].map(async batch => {
      for (const [variable, gathered] of await readBatch(batch, context, ended)) found.set(variable, gathered)
    }),
  )
  return found
}

async function readBatch(
  batch: readonly SecretEntry[],
  context: Omit<SourceContext, 'signal'>,
  ended: AbortSignal | undefined,
): Promise<Map<string, Gathered>> {
  const [first] = batch
  if (first === undefined) return new Map()
  const source = (await loadSource(first.kind)) as SecretSource
  const timeoutMs = first.timeoutMs ?? source.timeoutMs
  const outcomes = await within(timeoutMs, ended, signal => readTwice(source, batch, { ...context, signal }))
  const gathered = await Promise.all(
    batch.map(async (entry): Promise<[string, Gathered]> => {
      const described = source.describe(entry.where)
      const found =
        outcomes === 'timeout' ? tooSlow(timeoutMs) : (outcomes.get(entry) ?? nothingThere(source, entry))
      const outcome = judged(found, described, entry.variable)
      const home = outcome instanceof Secret ? await homeOf(source, entry, context) : undefined
      return [entry.variable, { described, outcome, home }]
    }),
  )
  return new Map(gathered)
}

type Batch = ReadonlyMap<SecretEntry, Secret | SourceProblem>

/** A second try for what may pass, within the same time. */
async function readTwice(
  source: SecretSource,
  batch: readonly SecretEntry[],
  context: SourceContext,
): Promise<Batch> {
  const first = await readOnce(source, batch, context)
  const again = batch.filter(entry => isPassing(first.get(entry)))
  if (again.length === 0) return first
  await sleep(RETRY_MS * (1 + Math.random()), undefined, { ref: false })
  if (context.signal?.aborted) return first
  return new Map([...first, ...(await readOnce(source, again, context))])
}

async function readOnce(
  source: SecretSource,
  batch: readonly SecretEntry[],
  context: SourceContext,
): Promise<Batch> {
  try {
    return (await source.resolve(batch, context)) as Batch
  } catch (error) {
    if (context.signal?.aborted) return new Map(batch.map(entry => [entry, tooSlow()]))
    const problem = errorProblem(error)
    return new Map(batch.map(entry => [entry, problem]))
  }
}

function isPassing(outcome: Secret | SourceProblem | undefined): boolean {
  return outcome !== undefined && !(outcome instanceof Secret) && outcome.passing === true
}

/** Runs `action` for `timeoutMs`, or until `ended`; one that does not heed its signal is left behind. */
async function within<T>(
  timeoutMs: number,
  ended: AbortSignal | undefined,
  action: (signal: AbortSignal) => Promise<T>,
): Promise<T | 'timeout'> {
  const controller = new AbortController()
  let timer: NodeJS.Timeout | undefined
  let stop = (): void => {}
  const late = new Promise<'timeout'>(resolve => {
    stop = () => {
      controller.abort()
      clearTimeout(timer)
      timer = setTimeout(() => resolve('timeout'), GRACE_MS)
    }
    timer = setTimeout(stop, Math.min(timeoutMs, LONGEST_TIMER_MS))
  })
  ended?.addEventListener('abort', stop)
  if (ended?.aborted) stop()
  try {
    return await Promise.race([action(controller.signal), late])
  } finally {
    ended?.removeEventListener('abort', stop)
    clearTimeout(timer)
  }
}

/**
 * What sources leave to be said: the place in front of the reason, that an empty value is none, nor one that is far too
 * large. One line end at the end is not of the value: editors and pipes leave it behind.
 */
function judged(
  outcome: Secret | SourceProblem,
  described: string,
  variable: string,
): Secret | SourceProblem {
  const value = outcome instanceof Secret ? outcome.reveal().replace(/\r?\n$/, '') : ''
  const problem = outcome instanceof Secret ? unfit(value) : outcome
  if (problem === undefined) return new Secret(value, `$${variable}`)
  return { ...problem, message: `${variable} (${described}): ${problem.message}` }
}

function unfit(value: string): SourceProblem | undefined {
  if (value.trim() === '')
    return { code: 'empty', message: 'the value is empty', hint: 'store the key there again' }
  if (Buffer.byteLength(value) <= MAX_SECRET_BYTES) return undefined
  const message = `the value is larger than ${MAX_SECRET_BYTES / 1024} KiB`
  return { code: 'too-large', message, hint: 'a key is one short line: is this the right place?' }
}

function tooSlow(timeoutMs?: number): SourceProblem {
  const within = timeoutMs === undefined ? 'in time' : `within ${timeoutMs} ms`
  return {
    code: 'timeout',
    message: `no answer ${within}`,
    hint: 'look whether it hangs, or give it longer with `timeout:` in agw.yaml',
  }
}

function nothingThere(source: SecretSource, entry: SecretEntry): SourceProblem {
  const hint = source.instead?.(entry) ?? `store the key with ${suggested('keys', 'set', entry.variable)}`
  return { code: 'missing', message: 'nothing is stored there', hint }
}
