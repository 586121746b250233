import type { Duplex } from 'node:stream'
import type { Cost } from '../costs/costs.ts'
import type { Destination } from '../destination.ts'
import type { Exchange } from '../exchange.ts'
import { UPGRADE_FAILED, upstreamFailure } from '../failures.ts'
import { Relay } from '../relay/relay.ts'
import type { Usage } from '../telemetry/usage.ts'
import { acceptanceOf, isAccepted } from './handshake.ts'
import type { Offer } from './offer.ts'
import { ServerFrames } from './server-frames.ts'
import { type Side, Tunnel } from './tunnel.ts'

/**
 * Passes on the answer to a handshake: 101 with all the bytes behind it, both ways, and any other one as usual. With 101 the
 * exchange lasts as long as the client's connection.
 */
export class UpgradeRelay extends Relay {
  readonly #offer: Offer
  #frames: ServerFrames | undefined
  #tunnel: Tunnel | undefined

  constructor(exchange: Exchange, destination: Destination, offer: Offer) {
    super(exchange, destination)
    this.#offer = offer
  }

  override get usage(): Usage | undefined {
    return this.#frames === undefined ? super.usage : this.#frames.usage
  }

  override get cost(): Cost | undefined {
    return this.#frames?.cost
  }

  override onHeaders(status: number, ...rest: [readonly string[], () => void, string]): boolean {
    // It lacks the headers that go with it, and agrees to nothing.
    if (status === 101) return this.refuse(UPGRADE_FAILED)
    return super.onHeaders(status, ...rest)
  }

  onUpgrade(_status: number, rawHeaders: readonly string[], socket: Duplex): void {
    socket.on('error', ignore)
    if (this.isOver) return void socket.destroy()
    this.headAt = this.endCall()
    // What is thrown here comes to `onError`.
    const isOpen = this.#judge(rawHeaders)
    this.isOver = true
    if (isOpen) this.#open(socket)
    else socket.destroy()
  }

  /** True when the client has been told that it has its WebSocket. */
  #judge(rawHeaders: readonly string[]): boolean {
    const { attempts, request } = this.exchange
    if (!isAccepted(rawHeaders, String(request.headers['sec-websocket-key']))) {
      if (attempts?.onFailure(true) !== true) this.exchange.end(UPGRADE_FAILED)
      return false
    }
    if (attempts?.onHead(101, rawHeaders) === true) return false
    return this.#accept(rawHeaders)
  }

  /** Tells the client that it has its WebSocket. */
  #accept(rawHeaders: readonly string[]): boolean {
    const { exchange, destination } = this
    clearTimeout(exchange.deadline)
    const head = destination.answerHeaders.build(rawHeaders, 101)
    const echoes = destination.echoes.knowing(exchange.given)
    if (echoes !== undefined) head.headers = head.headers.map(text => echoes.clean(text))
    if (exchange.watchers !== undefined) exchange.showHead(head)
    // What the config says of answers has made another one of it.
    if (head.status !== 101) {
      exchange.end(UPGRADE_FAILED)
      return false
    }
    head.headers = acceptanceOf(head.headers)
    head.contentLength = -1
    this.#frames = new ServerFrames(echoes?.frames(), exchange.type === 'realtime' ? this.#price : undefined)
    this.begin('Switching Protocols', head)
    return this.flushHead()
  }

  readonly #price = (usage: Usage): Cost | undefined => {
    const { exchange, destination, answerModel } = this
    const provider = destination.ai?.provider.telemetryName
    return exchange.generation.runtime.costs?.of({ provider, model: exchange.model, answerModel, usage })
  }

  #open(upstream: Duplex): void {
    const { socket, early } = this.#offer.take()
    const { tunnels } = this.exchange.generation.pools
    this.#tunnel = new Tunnel(socket, upstream, early, {
      push: chunk => this.#passDown(chunk),
      end: () => this.#sent(this.#frames?.end() ?? Buffer.alloc(0)),
      onBroken: (side, error) => this.#note(side, error),
    })
    tunnels.add(this)
    socket.once('close', () => tunnels.delete(this))
    const { response } = this.exchange
    response.tunnel = this
    if (response.isLast) this.close()
  }

  #passDown(chunk: Buffer): Buffer {
    if (this.bytes === 0) this.firstByteAt = performance.now()
    this.bytes += chunk.length
    return this.#sent(this.#frames?.push(chunk) ?? chunk)
  }

  #sent(shown: Buffer): Buffer {
    this.exchange.sentBytes += shown.length
    return shown
  }

  #note(side: Side, error: Error): void {
    this.exchange.error ??= side === 'client' ? 'client disconnected' : upstreamFailure(error).body
  }

  /** The gateway stops, or the client is one that it would not let in any more. */
  close(): void {
    this.#tunnel?.close(this.#frames?.farewell ?? Buffer.alloc(0))
  }
}

function ignore(): void {}
