import type { Exchange } from '../exchange.ts'
import type { Relay } from '../relay/relay.ts'
import { BYTES_PER_TOKEN, type Estimate } from './estimate.ts'

/**
 * Bytes of a stream per token, roughly: Anthropic's events say more per byte than others, while those of OpenAI's formats
 * carry a frame of some 200 bytes around a token or two.
 */
const STREAMED_BYTES_PER_TOKEN = { short: 32, framed: 128 }

/** To ask how many tokens a prompt has costs none. */
export const FREE: ReadonlySet<unknown> = new Set(['anthropicTokenCount', 'geminiCountTokens'])

/** Whose streams have little around what they say. */
const SHORT_FRAMES: ReadonlySet<unknown> = new Set(['messages', 'generateContent'])

/** Whose whole answers are text. */
const TEXTS: ReadonlySet<unknown> = new Set(['completions', 'messages', 'responses', 'generateContent'])

/** Bytes of a stream that may stand behind its last counts: the end of their event, and events that say that it is over. */
const MOST_BEHIND = 4096

/**
 * What a request has cost once it is over, in tokens: what its provider tells. Where that tells nothing, what was reserved
 * if it answered, or more where more has gone by; what was reserved if the client did not wait for an answer; nothing if the
 * call failed. Of an answer that was cut off, or ends without its counts, what came after the last ones is estimated, and so
 * is the side, prompt or answer, of which they tell no number that can be. An estimate is no more than the request allowed. So
 * neither leaving early nor asking for no counts is a way around a limit.
 */
export function tokenCost(exchange: Exchange, reserved: number, { prompt, most }: Estimate): number {
  const { type, relay, response } = exchange
  if (relay === undefined) return 0
  const allowed = most === undefined ? Number.POSITIVE_INFINITY : prompt + most
  const { usage } = relay
  if (usage === undefined) {
    const isRefused = response.headersSent && response.statusCode >= 300
    // Nobody else has ended it.
    const hasLeft = relay.isSent && !response.writableFinished && exchange.reason === undefined
    const isAnswered = relay.bytes > 0 && response.headersSent
    if (isRefused || (!hasLeft && !isAnswered)) return 0
    return Math.max(reserved, Math.min(prompt + passedTokens(type, relay, relay.bytes), allowed))
  }
  const input = usage.inputTokens ?? prompt
  const output = usage.outputTokens
  const told = input + (output ?? 0)
  // A client whose stream a guard has rejected gets an end of its own; the provider's counts have not come.
  const isCut = relay.isStream && (exchange.reason === 'Guardrail' || relay.uncounted > MOST_BEHIND)
  if (response.writableFinished && !isCut && (output !== undefined || !TEXTS.has(type))) return told
  const untold = output === undefined ? relay.bytes : relay.uncounted
  return Math.max(told, Math.min(told + passedTokens(type, relay, untold), allowed))
}

/** What so many bytes of an answer stand for. Of whole ones that are no text, like vectors and images, nobody can tell. */
function passedTokens(type: Exchange['type'], { isStream }: Relay, bytes: number): number {
  const { short, framed } = STREAMED_BYTES_PER_TOKEN
  if (isStream) return Math.ceil(bytes / (SHORT_FRAMES.has(type) ? short : framed))
  return TEXTS.has(type) ? Math.ceil(bytes / BYTES_PER_TOKEN) : 0
}
