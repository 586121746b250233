import { isObject, type JsonObject } from '../json.ts'
import { isBlank } from './fields.ts'

/** How much of an error text that is not Anthropic's JSON is handed on, in characters. */
const QUOTED_TEXT = 300

/** Anthropic's own names, for answers that carry none. */
const TYPE_BY_STATUS: Readonly<Record<number, string>> = {
  401: 'authentication_error',
  402: 'billing_error',
  403: 'permission_error',
  404: 'not_found_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
  529: 'overloaded_error',
}

/** An OpenAI error body as JSON text. `param` is the path of the field that is at fault, if one is. */
export function completionsError(message: string, type: string, param: string | null = null): string {
  return JSON.stringify({ error: { message, type, param, code: null } })
}

/**
 * Messages error body → OpenAI error body. The type stays Anthropic's: OpenAI's clients choose their error
 * class by the status alone. A body that is not Anthropic's (a proxy's page, nothing) becomes a sentence
 * with the status.
 */
export function errorFromMessages(status: number, body: string): string {
  const parsed = parseObject(body)
  const error = parsed?.['error']
  const inner = isObject(error) ? error : parsed
  const message = inner?.['message'] ?? error
  const type = isObject(error) ? error['type'] : undefined
  return completionsError(
    typeof message === 'string' ? message : describe(status, body),
    typeof type === 'string' ? type : typeOfStatus(status),
  )
}

function parseObject(body: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(body)
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}

function describe(status: number, body: string): string {
  const text = body.trim()
  // A page or a foreign JSON document says nothing in an SDK's one-line message.
  if (isBlank(text) || text.startsWith('<') || text.startsWith('{')) {
    return `The provider answered with status ${status} and no message.`
  }
  return `The provider answered with status ${status}: ${text.slice(0, QUOTED_TEXT)}`
}

function typeOfStatus(status: number): string {
  return TYPE_BY_STATUS[status] ?? (status >= 500 ? 'api_error' : 'invalid_request_error')
}
