import type { Path } from '../../config/diagnostic.ts'
import type { Config } from '../../config/schema.ts'
import { HostTable } from '../routing/host-table.ts'
import type { Unsupported } from './support.ts'

/**
 * Listeners of one port for the same host. agentgateway takes one of them by chance; here none is left out unseen. Ports
 * that two gateways share are nobody's, whatever the hosts: the rules for configs tell of them.
 */
export function rivalListeners(config: Config): Unsupported[] {
  const found: Unsupported[] = []
  const ports = new Map<unknown, HostTable<true>>()
  const look = (port: unknown, hostname: string | null | undefined, path: Path): void => {
    const table = ports.get(port) ?? new HostTable<true>()
    ports.set(port, table)
    const host = hostname ?? undefined
    if (table.get(host) !== undefined)
      found.push({
        path,
        what: `a second listener for ${host === undefined ? 'all hosts' : `the host ${host}`} on one port`,
        instead: 'give them different hostnames, or make one of the two',
      })
    table.set(host, true)
  }
  for (const [index, { port, listeners }] of (config.binds ?? []).entries())
    for (const [at, { hostname }] of listeners.entries())
      look(port, hostname, ['binds', index, 'listeners', at])
  for (const [name, { listeners }] of Object.entries(config.gateways ?? {}))
    for (const [at, { hostname }] of (listeners ?? []).entries())
      look(name, hostname, ['gateways', name, 'listeners', at])
  return found
}
