import type { SecretEntry } from '../config/agw/file.ts'
import type { SourceKind } from '../config/agw/places.ts'
import { LONGEST_TIMER_MS } from '../timers.ts'
import { type Gathered, gather } from './gather.ts'
import { type KeepEvent, refusal } from './last-good.ts'
import { Logins } from './logins.ts'
import { Secret } from './secret.ts'
import type { SecretSource, SourceContext } from './source.ts'
import { loadSource } from './sources/registry.ts'
import type { Gather } from './variables.ts'

export interface KeepOptions {
  /** A value was exchanged at its source. */
  readonly onChange: () => void
  readonly onEvent: (event: KeepEvent) => void
  /** Told of every question to a source. */
  readonly onAsked?: (asked: Asked) => void
}

/** A question to a source for one variable, and what came of it; holds no value. */
export interface Asked {
  readonly kind: SourceKind
  readonly variable: string
  readonly result: 'same' | 'changed' | 'failed'
  /** Of the batch that it was asked in. */
  readonly ms: number
}

/** A failing source is asked less and less often, down to this part of its usual rate. */
const SLOWEST = 8

/** What is known of one entry. */
interface Kept {
  readonly entry: SecretEntry
  current: Gathered
  /** The last value that could be used. */
  good: Secret | undefined
  failed: boolean
}

/** Entries that are asked together. */
interface Group {
  readonly entries: readonly SecretEntry[]
  readonly stop: () => void
}

type Context = Omit<SourceContext, 'signal'>

/**
 * Keeps the values of sources for a gateway that runs: each is read once, and again when its source tells of a change or
 * its time is up. A source that fails, or gives something that is no key where a key was, leaves the last good value in
 * place; the others go on.
 */
export class SecretKeeper {
  readonly #options: KeepOptions
  readonly #kept = new Map<string, Kept>()
  #groups = new Map<string, Group>()
  readonly #logins = new Logins()
  #connections = ''
  readonly #closing = new AbortController()

  constructor(options: KeepOptions) {
    this.#options = options
  }

  /** Reads what is not known yet; for `LoadOptions.gather`. What is not asked for any more is forgotten. */
  readonly gather: Gather = async (entries, context) => {
    // First the watches, then the values: a change in between is seen by one of the two.
    await this.#follow(entries, context)
    const identities = new Map(entries.map(entry => [identityOf(entry, context), entry]))
    for (const identity of this.#kept.keys()) if (!identities.has(identity)) this.#kept.delete(identity)
    await this.#ask(
      [...identities].flatMap(([identity, entry]) => (this.#kept.has(identity) ? [] : [entry])),
      context,
    )
    return new Map(
      [...identities].flatMap(([identity, { variable }]) => {
        const kept = this.#kept.get(identity)
        return kept === undefined ? [] : [[variable, kept.current] as const]
      }),
    )
  }

  /** Asks all sources again now. */
  async refresh(): Promise<void> {
    await Promise.all([...this.#refreshers.values()].map(refresh => refresh()))
  }

  close(): void {
    this.#closing.abort()
    for (const { stop } of this.#groups.values()) stop()
    this.#groups.clear()
    this.#refreshers.clear()
    this.#logins[Symbol.dispose]()
  }

  readonly #refreshers = new Map<string, () => Promise<void>>()

  /** One group for each kind and rate. Those that stay the same go on undisturbed. */
  async #follow(entries: readonly SecretEntry[], context: Context): Promise<void> {
    const connections = JSON.stringify([context.connections, context.configDir])
    if (connections !== this.#connections) this.#logins[Symbol.dispose]()
    this.#connections = connections
    const wanted = new Map<string, SecretEntry[]>()
    for (const entry of entries) {
      const key = JSON.stringify([entry.kind, entry.refreshMs, entry.timeoutMs])
      wanted.set(key, [...(wanted.get(key) ?? []), entry])
    }
    const groups = new Map<string, Group>()
    for (const members of wanted.values()) {
      const key = JSON.stringify([members, context.connections])
      groups.set(key, this.#groups.get(key) ?? (await this.#start(key, members, context)))
    }
    for (const [key, { stop }] of this.#groups) if (!groups.has(key)) stop()
    this.#groups = groups
    if (this.#closing.signal.aborted) this.close()
  }

  async #start(key: string, entries: readonly SecretEntry[], context: Context): Promise<Group> {
    const [first] = entries
    if (first === undefined) return { entries, stop: () => undefined }
    const source = (await loadSource(first.kind)) as SecretSource
    const refreshMs = first.refreshMs ?? source.refreshMs
    let timer: NodeJS.Timeout | undefined
    let failures = 0
    let stopped = false
    const again = (): void => {
      clearTimeout(timer)
      if (refreshMs === undefined || stopped) return
      const wait = Math.min(refreshMs * Math.min(2 ** failures, SLOWEST), LONGEST_TIMER_MS)
      timer = setTimeout(() => void look(), wait).unref()
    }
    const ask = async (): Promise<void> => {
      const { changed, failed } = await this.#ask(entries, context)
      failures = failed ? failures + 1 : 0
      if (stopped) return
      again()
      if (changed) this.#options.onChange()
    }
    const look = oneAtATime(ask)
    const watching = { ...context, logins: this.#logins }
    const watcher = source.watch?.(entries, () => void look(), watching)
    this.#refreshers.set(key, look)
    again()
    return {
      entries,
      stop: () => {
        stopped = true
        clearTimeout(timer)
        watcher?.[Symbol.dispose]()
        this.#refreshers.delete(key)
      },
    }
  }

  async #ask(
    entries: readonly SecretEntry[],
    context: Context,
  ): Promise<{ changed: boolean; failed: boolean }> {
    if (entries.length === 0) return { changed: false, failed: false }
    const startedAt = performance.now()
    const found = await gather(entries, { ...context, logins: this.#logins }, this.#closing.signal)
    if (this.#closing.signal.aborted) return { changed: false, failed: false }
    const ms = Math.round(performance.now() - startedAt)
    const results = entries.flatMap(entry => {
      const gathered = found.get(entry.variable)
      if (gathered === undefined) return []
      return [{ entry, result: this.#settle(identityOf(entry, context), entry, gathered) }]
    })
    for (const { entry, result } of results) {
      this.#options.onAsked?.({ kind: entry.kind, variable: entry.variable, result, ms })
    }
    const changed = results.some(({ result }) => result === 'changed')
    const failed = results.some(({ result }) => result === 'failed')
    return { changed, failed }
  }

  #settle(identity: string, entry: SecretEntry, gathered: Gathered): 'same' | 'changed' | 'failed' {
    const kept = this.#kept.get(identity)
    const { variable } = entry
    const place = gathered.described
    const problem = refusal(gathered.outcome, kept?.good, `the new value in ${place}`)
    if (kept === undefined || kept.good === undefined) {
      const good = gathered.outcome instanceof Secret ? gathered.outcome : undefined
      this.#kept.set(identity, { entry, current: gathered, good, failed: false })
      return good === undefined ? 'failed' : 'changed'
    }
    if (problem !== undefined) {
      const { message, hint } = problem
      const told = { variable, place, message, hint, kept: kept.good.fingerprint() }
      if (!kept.failed) this.#options.onEvent({ event: 'source-failed', ...told })
      kept.failed = true
      return 'failed'
    }
    if (kept.failed) this.#options.onEvent({ event: 'source-recovered', variable, place })
    kept.failed = false
    const secret = gathered.outcome as Secret
    if (secret.equals(kept.good)) return 'same'
    kept.good = secret
    kept.current = gathered
    return 'changed'
  }
}

/** Two entries are the same when the same place is asked in the same way. */
function identityOf({ variable, kind, where }: SecretEntry, { connections }: Context): string {
  return JSON.stringify([variable, kind, where, connections])
}

/**
 * Whoever asks while it runs waits for one more run, which all of them share: an answer that was under way may be older
 * than what they were told of, and must not come in after the newer one.
 */
function oneAtATime(run: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined
  let next: Promise<void> | undefined
  const start = (): Promise<void> => {
    next = undefined
    running = run().finally(() => {
      running = undefined
    })
    return running
  }
  return () => {
    if (next !== undefined) return next
    if (running === undefined) return start()
    next = running.then(start, start)
    return next
  }
}
