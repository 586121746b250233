import { setHeader } from '../../providers/index.ts'
import type { Destination } from '../destination.ts'
import type { Exchange } from '../exchange.ts'
import { isGuarded } from '../llm/answer-guards.ts'
import type { LlmCall } from '../llm/llm-request.ts'
import { putTrace } from '../telemetry/trace.ts'
import { offerOf } from '../websocket/handshake.ts'
import { putPassthrough } from './passthrough.ts'

/** The headers of the call, the provider's last word included. */
export function outgoingHeaders(
  exchange: Exchange,
  destination: Destination,
  call: LlmCall | undefined,
): string[] {
  const { authority } = destination
  const host = typeof authority === 'function' ? authority(exchange) : authority
  const built = destination.requestHeaders.build(exchange.request, host)
  const headers = exchange.isUpgrade ? offerOf(built, destination) : built
  putPassthrough(exchange, destination, headers)
  if (exchange.gathersBody) setHeader(headers, 'accept-encoding', 'identity')
  if (exchange.trace !== undefined) putTrace(exchange.trace, headers)
  if (call === undefined || destination.ai === undefined) return headers
  const { provider, isKeyPlaceExplicit } = destination.ai
  const { type, model, translation } = call
  provider.finish?.(headers, { type, model, explicitLocation: isKeyPlaceExplicit })
  // What has to be read must not be compressed.
  if (translation !== undefined || exchange.tokenLimit !== undefined || isGuarded(destination.ai, type))
    setHeader(headers, 'accept-encoding', 'identity')
  return headers
}
