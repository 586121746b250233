import type { FileRule } from './rule.ts'
import type { ListenerScene } from './scene-listeners.ts'
import { pathKey } from './tree.ts'

/** Routes for hosts whose requests never get to any of their listeners. */
export const routeHosts: FileRule = ({ scene, report }) => {
  const sockets = new Map<string, ListenerScene[]>()
  for (const listener of scene.listeners) {
    if (listener.kind !== 'http') continue
    const key = `${listener.socket} ${listener.tls}`
    sockets.set(key, [...(sockets.get(key) ?? []), listener])
  }
  const reached = new Map<string, { path: readonly (string | number)[]; host: string; open: boolean }>()
  for (const listener of scene.listeners) {
    if (listener.kind !== 'http') continue
    const rivals = sockets.get(`${listener.socket} ${listener.tls}`) ?? []
    for (const { hostnames, path } of listener.served) {
      for (const [index, host] of hostnames.entries()) {
        const at = [...path, 'hostnames', index]
        const key = pathKey(at)
        const open = reached.get(key)?.open === true || getsRequests(host, listener, rivals)
        reached.set(key, { path: at, host, open })
      }
    }
  }
  for (const { path, host, open } of reached.values()) {
    if (open) continue
    if (isNobodys(host)) {
      report({
        code: 'ROUTE_HOST_MISSED',
        path,
        message: 'agentgateway takes this for a name, which no request has, and not for all hosts',
        hint: 'leave hostnames out for all hosts, or write a star before a name: *.example.com',
      })
      continue
    }
    report({
      code: 'ROUTE_HOST_MISSED',
      path,
      message: 'the listener of this route is for other hosts, so no request for this one gets here',
      hint: 'give the listener a hostname that takes it in, or move the route to the listener that has it',
    })
  }
}

function isNobodys(host: string): boolean {
  return host === '' || host === '*'
}

/** Whether the listener is the one that gets a request for this host, or for some host of this pattern. */
function getsRequests(host: string, listener: ListenerScene, rivals: readonly ListenerScene[]): boolean {
  if (isNobodys(host)) return false
  if (!host.startsWith('*')) return bestListener(host, rivals)?.hostname === listener.hostname
  const suffix = host.slice(1)
  const { hostname } = listener
  if (hostname === '' || hostname.startsWith('*')) {
    const own = hostname.slice(1)
    return own.endsWith(suffix) || suffix.endsWith(own)
  }
  return hostname.endsWith(suffix)
}

/** By exact name, then by the longest suffix, then the one for any host. */
function bestListener(host: string, listeners: readonly ListenerScene[]): ListenerScene | undefined {
  const exact = listeners.find(({ hostname }) => hostname === host)
  if (exact !== undefined) return exact
  const suffixes = listeners.filter(
    ({ hostname }) => hostname.startsWith('*') && host.endsWith(hostname.slice(1)),
  )
  const longest = suffixes.sort((a, b) => b.hostname.length - a.hostname.length)[0]
  return longest ?? listeners.find(({ hostname }) => hostname === '')
}
