import { isObject } from '../json.ts'

/** Anthropic's own names, for answers that carry none. */
const TYPE_BY_STATUS: Readonly<Record<number, string>> = {
  401: 'authentication_error',
  403: 'permission_error',
  404: 'not_found_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
}

/** An Anthropic error body as JSON text. */
export function messagesError(message: string, type: string): string {
  return JSON.stringify({ type: 'error', error: { type, message } })
}

/** Error body of OpenAI or Bedrock → Anthropic error body; a body of neither becomes a sentence with the status. */
export function errorAsMessages(status: number, body: string): string {
  return messagesError(
    messageIn(body) ?? `The provider answered with status ${status} and no message.`,
    TYPE_BY_STATUS[status] ?? (status >= 500 ? 'api_error' : 'invalid_request_error'),
  )
}

/** The message of an error: OpenAI's has a place of its own, and some of Bedrock's begin with a capital. */
export function messageIn(body: string): string | undefined {
  try {
    const parsed: unknown = JSON.parse(body)
    const error = isObject(parsed) ? (parsed['error'] ?? parsed) : undefined
    const message = isObject(error) ? (error['message'] ?? error['Message']) : error
    return typeof message === 'string' ? message : undefined
  } catch {
    return undefined
  }
}
