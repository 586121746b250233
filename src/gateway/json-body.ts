import type { Exchange } from './exchange.ts'

/** As agentgateway's parser: what is nested deeper is refused. It also keeps what walks a body from running out of stack. */
const MOST_NESTED = 128

/** The request's body as a JSON object, parsed once; undefined where it is none. */
export function jsonOf(exchange: Exchange): Record<string, unknown> | undefined {
  if (exchange.json !== undefined) return exchange.json
  try {
    const parsed: unknown = JSON.parse(exchange.body?.toString() ?? '')
    if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) return undefined
    if (isDeeper(parsed, MOST_NESTED)) return undefined
    exchange.json = parsed as Record<string, unknown>
    return exchange.json
  } catch {
    return undefined
  }
}

function isDeeper(value: unknown, left: number): boolean {
  if (typeof value !== 'object' || value === null) return false
  if (left === 0) return true
  return (Array.isArray(value) ? value : Object.values(value)).some(one => isDeeper(one, left - 1))
}
