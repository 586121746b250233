import type { Exchange } from '../exchange.ts'

/** Bytes of a stream per token, roughly: Anthropic's events, which say more per byte than others, without their frame. */
const STREAMED_BYTES_PER_TOKEN = 32

/** Asking how many tokens a prompt has costs none. */
const FREE: ReadonlySet<unknown> = new Set(['anthropicTokenCount', 'geminiCountTokens'])

/**
 * What a request has cost once it is over, in tokens: what its provider tells. Where that tells nothing, what was reserved
 * if it answered, or if the client did not wait for that; nothing if the call failed. Of an answer that was cut off, what
 * came after the last counts is estimated; with what was told it comes to no more than was reserved. So leaving early is
 * no way around a limit.
 */
export function tokenCost(exchange: Exchange, reserved: number): number {
  const { type, relay, response } = exchange
  if (relay === undefined || FREE.has(type)) return 0
  const { usage } = relay
  if (usage === undefined) {
    const hasLeft = relay.isSent && !response.headersSent
    const isAnswered = relay.bytes > 0 && response.headersSent && response.statusCode < 300
    return hasLeft || isAnswered ? reserved : 0
  }
  const told = (usage.inputTokens ?? 0) + (usage.outputTokens ?? 0)
  // A client whose stream a guard has rejected gets an end of its own; the provider's counts have not come.
  const isCut = relay.isStream && exchange.reason === 'Guardrail'
  if (response.writableFinished && !isCut) return told
  const passed = told + Math.ceil(relay.uncounted / STREAMED_BYTES_PER_TOKEN)
  return Math.max(told, Math.min(passed, reserved))
}
