import type { Resource } from '@opentelemetry/resources'
import { addressTold } from '../../address-told.ts'
import type { AccessEvent, Collector, Runtime } from '../../gateway/index.ts'
import type { News } from '../news.ts'
import type { OnOutcome, Sdk, Sender } from './sdk.ts'

export interface ExportOptions {
  /** The last thing a value passes. */
  readonly redact: (text: string) => string
  /** Told when things begin to be lost, and when they arrive again. */
  readonly onNews: (news: News) => void
}

/** One signal: what of an event goes to which collector. */
export interface Exported<Item> {
  /** What they are called in a note. */
  readonly noun: string
  /** Where they go while this runtime serves. */
  readonly collectorOf: (runtime: Runtime) => Collector | undefined
  readonly itemOf: (
    event: AccessEvent,
    redact: (text: string) => string,
  ) => { readonly collector: Collector; readonly item: Item } | undefined
  readonly open: () => Promise<
    (sdk: Sdk, collector: Collector, resource: Resource, onOutcome: OnOutcome) => Sender<Item>
  >
}

interface Opened<Item> {
  readonly sender: Sender<Item>
  readonly onOutcome: OnOutcome
}

/** What was not sent in the time that an end has. */
const TOO_LATE = Object.assign(new Error(), { code: 'no answer before the end' })

/** How long the way to a collector stays open that no config names any more, in milliseconds. */
const LINGER_MS = 2000

/** Sends what access events say to collectors. Loads nothing as long as no config asks for it. */
export class Export<Item> {
  readonly #options: ExportOptions
  readonly #what: Exported<Item>
  /** Collector and what describes the gateway to it, as JSON → its sender. */
  readonly #senders = new Map<string, Opened<Item>>()
  /** That JSON, of collectors that events share. */
  readonly #keys = new WeakMap<Collector, string>()
  /** Those that send their last. */
  readonly #closing = new Map<Promise<void>, OnOutcome>()
  #isClosed = false
  #open: ((collector: Collector) => Opened<Item>) | undefined
  #describe: ((collector: Collector) => Resource) | undefined
  #current: string | undefined

  constructor(what: Exported<Item>, options: ExportOptions) {
    this.#what = what
    this.#options = options
  }

  /** Makes ready for a runtime. Throws CONFIG_INVALID when the packages for it are not installed. */
  async prepare(runtime: Runtime): Promise<void> {
    if (this.#what.collectorOf(runtime) === undefined || this.#open !== undefined) return
    const [{ loadSdk, resourceOf }, open] = await Promise.all([import('./sdk.ts'), this.#what.open()])
    const sdk = await loadSdk()
    const describe = ({ resource }: Collector): Resource => resourceOf(sdk, resource, this.#options.redact)
    this.#describe = describe
    this.#open = collector => {
      const onOutcome = this.#outcomes(collector)
      return { sender: open(sdk, collector, describe(collector), onOutcome), onOutcome }
    }
  }

  /** This runtime serves now. Requests that came before it may still tell of something for the collector before. */
  adopt(runtime: Runtime): void {
    const collector = this.#what.collectorOf(runtime)
    this.#current = collector && this.#keyOf(collector)
    for (const key of this.#senders.keys()) if (key !== this.#current) this.#endSoon(key)
  }

  #keyOf(collector: Collector): string {
    const known = this.#keys.get(collector)
    if (known !== undefined) return known
    // A reload may have made a key known that stands in what describes the gateway.
    const key = JSON.stringify([collector, this.#describe?.(collector).attributes])
    this.#keys.set(collector, key)
    return key
  }

  /** One note when things begin to be lost, one when they arrive again. */
  #outcomes({ url, protocol }: Collector): OnOutcome {
    const { noun } = this.#what
    const at = addressTold(url)
    let isLost = false
    return error => {
      if (this.#isClosed || isLost === (error !== undefined)) return
      isLost = error !== undefined
      const why = error === undefined ? '' : ` (${reasonOf(error, protocol)})`
      this.#options.onNews({
        message: isLost ? `${noun} do not reach ${at}${why} and are lost` : `${noun} reach ${at} again`,
        hint: isLost ? 'see to the collector; no restart is needed here' : '',
        isTrouble: isLost,
        way: `${noun} to ${at}`,
      })
    }
  }

  readonly add = (event: AccessEvent): void => {
    const found = this.#what.itemOf(event, this.#options.redact)
    if (found === undefined) return
    const key = this.#keyOf(found.collector)
    let opened = this.#senders.get(key)
    if (opened === undefined) {
      opened = this.#open?.(found.collector)
      if (opened === undefined) return
      this.#senders.set(key, opened)
      if (key !== this.#current) this.#endSoon(key)
    }
    opened.sender.send(found.item)
  }

  #endSoon(key: string): void {
    setTimeout(() => {
      if (key !== this.#current) this.#end(key)
    }, LINGER_MS).unref()
  }

  #end(key: string): void {
    const opened = this.#senders.get(key)
    if (opened === undefined) return
    this.#senders.delete(key)
    const ended: Promise<void> = opened.sender.close().then(() => void this.#closing.delete(ended))
    this.#closing.set(ended, opened.onOutcome)
  }

  /** Sends what is left within `limitMs`; what has not arrived by then is lost, which is told. Nothing is told afterwards. */
  async close(limitMs: number): Promise<void> {
    for (const key of [...this.#senders.keys()]) this.#end(key)
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<void>(resolve => {
      timer = setTimeout(resolve, limitMs)
    })
    await Promise.race([Promise.all(this.#closing.keys()), late])
    clearTimeout(timer)
    for (const onOutcome of this.#closing.values()) onOutcome(TOO_LATE)
    this.#isClosed = true
  }
}

/** What HTTP/1.1 and HTTP/2 say where they meet one another. */
const OTHER_PROTOCOL = /^(?:ERR_HTTP2|HPE_)/

/** The name of the error or the status of the answer: messages may repeat what the collector has said. */
function reasonOf(error: Error & { readonly code?: unknown }, protocol: Collector['protocol']): string {
  const { code } = error
  const why = typeof code === 'string' ? code : typeof code === 'number' ? `status ${code}` : error.name
  if (!OTHER_PROTOCOL.test(why)) return why
  const other = protocol === 'grpc' ? 'http' : 'grpc'
  return `${why}: it does not speak ${protocol === 'grpc' ? 'gRPC' : 'HTTP/1.1'}; is it one for protocol: ${other}?`
}
