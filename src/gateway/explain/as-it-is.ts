import type { Exchange } from '../exchange.ts'

/** Keeps what steps change of a request; gives what puts it back. */
export function asItIs(exchange: Exchange): () => void {
  const { request, method, path, query, host, schemeSet, body, model, caller, destination } = exchange
  const kept = { method, path, query, host, schemeSet, body, model, caller, destination }
  const metadata = exchange.metadata && { ...exchange.metadata }
  const watchers = exchange.watchers?.slice()
  const headers = { ...request.headers }
  const rawHeaders = request.rawHeaders.slice()
  return () => {
    Object.assign(exchange, kept, { metadata, watchers, json: undefined })
    Object.assign(request, { headers, rawHeaders })
  }
}
