import type { FileContext, FileRule } from './rule.ts'
import type { ListenerScene } from './scene-listeners.ts'
import { nodesAt } from './tree.ts'
import { lineOf } from './words.ts'

/** Listeners of one port that cannot stand together, or of which only one is ever found. */
export const listenerRules: FileRule = context => {
  const sockets = new Map<string, ListenerScene[]>()
  for (const listener of context.scene.listeners) {
    sockets.set(listener.socket, [...(sockets.get(listener.socket) ?? []), listener])
  }
  for (const listeners of sockets.values()) {
    if (listeners.length < 2) continue
    if (listeners[0]?.path[0] === 'gateways') mixedGateway(listeners, context)
    else mixedBind(listeners, context)
    sameHostname(listeners, context)
  }
  wildcardBinds(context)
}

/** agentgateway compares each listener of a gateway with the one before it. */
function mixedGateway(listeners: readonly ListenerScene[], { report }: FileContext): void {
  for (const [index, listener] of listeners.entries()) {
    const before = listeners[index - 1]
    if (before === undefined) continue
    const kinds = before.kind !== listener.kind && !listener.tls
    if (!kinds && before.tls === listener.tls) continue
    report({
      code: 'MIXED_LISTENERS',
      path: listener.path,
      message: kinds
        ? 'the listeners of one port cannot be HTTP and TCP at the same time'
        : 'the listeners of one port are either all with TLS or all without',
      hint: 'give each kind a gateway with a port of its own',
    })
  }
}

/** A bind speaks one way: TLS if any listener does, else TCP if any does. */
function mixedBind(listeners: readonly ListenerScene[], { report }: FileContext): void {
  const tls = listeners.some(listener => listener.tls)
  const tcp = !tls && listeners.some(listener => listener.kind === 'tcp')
  for (const [index, listener] of listeners.entries()) {
    const dead = tls ? !listener.tls : tcp && (listener.kind === 'http' || index > 0)
    if (!dead) continue
    report({
      code: 'MIXED_LISTENERS',
      path: listener.path,
      message: tls
        ? 'this port speaks TLS because of another listener, so this one gets no connection'
        : 'this port speaks plain TCP because of a listener, which must then be the only one',
      hint: 'give it a bind with a port of its own',
    })
  }
}

function sameHostname(listeners: readonly ListenerScene[], { document, report }: FileContext): void {
  const first = new Map<string, ListenerScene>()
  for (const listener of listeners) {
    const { hostname, tls, kind } = listener
    if (kind === 'tcp' && !tls) continue
    const key = `${tls} ${hostname}`
    const rival = first.get(key)
    if (rival === undefined) {
      first.set(key, listener)
      continue
    }
    report({
      code: 'LISTENER_AMBIGUOUS',
      path: listener.path,
      message: `the listener in ${lineOf(document, rival.path)} is for the same host, and which of the two gets a request is left to chance`,
      hint: 'give them different hostnames, or make one of the two',
    })
  }
}

function wildcardBinds({ data, report }: FileContext): void {
  const wildcards = nodesAt(data, 'binds').filter(([bind]) => bind['mode'] === 'internal' && !bind['port'])
  for (const [, index] of wildcards.slice(1)) {
    report({
      code: 'PORT_TAKEN',
      path: ['binds', index],
      message: 'only one internal bind can go without a port, and there is one already',
      hint: 'give this one a port, or put its listeners into the other',
    })
  }
}
