import {
  type Forgotten,
  forgetExpired,
  nextExpiry,
  type RotatedConfig,
  type SlotKey,
} from '../secrets/index.ts'
import type { Homes } from '../secrets/key-homes.ts'

/** What is told of old keys whose time is over. */
export type ForgetEvent = {
  readonly event: 'key-forgotten' | 'key-not-forgotten'
  readonly name: string
  /** Of the old key. */
  readonly fingerprint: string
  readonly place: string
  readonly message?: string
}

export interface ForgettingOptions {
  readonly cwd: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly onEvent: (event: ForgetEvent) => void
  /** An old key is out of its place: time to take it out of memory. */
  readonly onForgotten: () => void
}

/** A config that serves, and its keys. */
interface FollowedConfig {
  readonly config: RotatedConfig & Omit<Homes, 'slots'>
  readonly keys: readonly SlotKey[]
}

/** Clocks are set and machines sleep: however far away the time is, it is looked at this often. Milliseconds. */
const LONGEST_MS = 10 * 60_000
/** What could not be taken away now is tried again. Milliseconds. */
const AGAIN_MS = 60_000

/** Takes away the old keys of the config that serves when their time is over, as any `agw keys` command would. */
export class Forgetting {
  readonly #options: ForgettingOptions
  #config: FollowedConfig | undefined
  #timer: NodeJS.Timeout | undefined
  #running: Promise<void> = Promise.resolve()
  #isClosed = false
  /** What is told once. */
  readonly #told = new Set<string>()

  constructor(options: ForgettingOptions) {
    this.#options = options
  }

  /** Takes in a config that has just begun to serve. */
  follow({ path, agw, folder, variables }: FollowedConfig['config'], keys: readonly SlotKey[]): void {
    this.#config = { config: { path, agw, folder, variables }, keys }
    this.#next(0)
  }

  async close(): Promise<void> {
    this.#isClosed = true
    clearTimeout(this.#timer)
    await this.#running
  }

  #next(waitMs: number): void {
    clearTimeout(this.#timer)
    if (this.#isClosed) return
    this.#timer = setTimeout(() => {
      this.#running = this.#running.then(() => this.#look())
    }, waitMs).unref()
  }

  async #look(): Promise<void> {
    if (this.#config === undefined) return
    const { config, keys } = this.#config
    const { env, onForgotten } = this.#options
    const found = await forgetExpired(
      { ...config, slots: keys.map(({ slot }) => slot) },
      async () => keys,
      this.#options,
    )
    for (const one of found) this.#tell(one)
    if (found.some(({ result }) => result === 'forgotten')) onForgotten()
    const next = await nextExpiry(config.path, env)
    if (next === undefined) return
    const left = next - Date.now()
    this.#next(left <= 0 ? AGAIN_MS : Math.min(left, LONGEST_MS))
  }

  #tell({ name, fingerprint, place, result, why }: Forgotten): void {
    const id = `${name} ${fingerprint} ${result} ${why ?? ''}`
    if (this.#told.has(id)) return
    this.#told.add(id)
    const event = result === 'left' ? 'key-not-forgotten' : 'key-forgotten'
    this.#options.onEvent({ event, name, fingerprint, place, ...(why !== undefined && { message: why }) })
  }
}
