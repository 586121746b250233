import { isNode, textAt } from '../config/rules/tree.ts'
import { gatewayDuration, wholeMs } from './durations.ts'
import { unwritten } from './unwritten.ts'
import { expression, type Words } from './words.ts'

/** `retry` as that of a policy: the number of tries means the same in both. */
export function retryWords(value: unknown): Words {
  const { attempts = 1, backoff, codes, precondition, condition } = isNode(value) ? value : {}
  const statuses = Array.isArray(codes) ? [...new Set(codes)] : []
  if (!statuses.every(code => typeof code === 'number' && code >= 400 && code <= 599))
    unwritten('the controller tries statuses from 400 to 599 again, and no others')
  const wait = backoff === undefined || backoff === null ? undefined : gatewayDuration(backoff)
  if (wait === undefined && backoff !== undefined && backoff !== null)
    unwritten('its backoff has no word in the Gateway API')
  return {
    retry: {
      attempts,
      ...(wait !== undefined && { backoff: wait }),
      ...(statuses.length > 0 && { codes: statuses }),
      ...(isGiven(precondition) && { precondition: expression(precondition) }),
      ...(isGiven(condition) && { condition: expression(condition) }),
    },
  }
}

/** `timeout` as `timeouts` of a rule; undefined for none. */
export function timeoutWords(value: unknown): Words | undefined {
  const words: Record<string, string> = {}
  for (const [key, word] of [
    ['requestTimeout', 'request'],
    ['backendRequestTimeout', 'backendRequest'],
  ] as const) {
    const text = textAt(value, key)
    if (text === undefined) continue
    words[word] = gatewayDuration(text) ?? unwritten('a time of it has no word in the Gateway API')
  }
  const { request, backendRequest } = words
  if (request !== undefined && (wholeMs(backendRequest) ?? 0) > (wholeMs(request) ?? 0))
    unwritten('one call may take longer than the request, which the Gateway API does not take')
  return Object.keys(words).length === 0 ? undefined : words
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null
}
