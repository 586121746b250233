import type { TLSSocket } from 'node:tls'
import type { Exchange } from '../exchange.ts'
import { type Failure, MISDIRECTED, ROUTE_NOT_FOUND } from '../failures.ts'
import type { Bind, Listener } from '../runtime.ts'
import { comparable } from './host-name.ts'

/** Every listener's gateway, as agentgateway has it outside Kubernetes, whatever the config calls its own. */
export const GATEWAY = Object.freeze({ namespace: 'default', name: 'default' })
export const GATEWAY_NAME = `${GATEWAY.namespace}/${GATEWAY.name}`

/** The listener of a request: with TLS the one whose certificate was shown, else by its host. */
export function listenerOf(bind: Bind, exchange: Exchange): Listener | undefined {
  if (bind.tls === undefined || !exchange.isSecure) return bind.listeners.candidates(exchange.host)[0]
  return listenerShown(bind, exchange.request.socket as Partial<TLSSocket>)
}

/** The listener whose certificate was shown, by the name that the client has asked for. */
export function listenerShown({ listeners }: Bind, { servername }: Partial<TLSSocket>): Listener | undefined {
  return listeners.candidates(typeof servername === 'string' ? comparable(servername) : '')[0]
}

/** A connection that was made for one name, and asks for another: that one may have other rules. */
export function misdirection(bind: Bind, exchange: Exchange): Failure | undefined {
  if (bind.tls === undefined || !exchange.isSecure) return undefined
  const [best] = bind.listeners.candidates(exchange.host)
  if (best === undefined) return ROUTE_NOT_FOUND
  return best === exchange.listener ? undefined : MISDIRECTED
}
