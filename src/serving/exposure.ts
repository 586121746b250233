import { isLoopback, type ListeningAddress, type Runtime, unguardedKeys } from '../gateway/index.ts'
import type { LiveEvent } from './live.ts'

type Warning = Extract<LiveEvent, { event: 'warning' }>

/** What is to be said where no port is open; undefined where one is. */
export function silence({ binds }: Runtime): Warning | undefined {
  if (binds.length > 0) return undefined
  return {
    event: 'warning',
    message: 'nothing is listened on: this config has no listener, so there is no port to send a request to',
    hint: 'add an `llm` section with models, or a gateway with routes',
  }
}

/** What is to be said where others than this machine can spend keys without showing anything; undefined for nothing. */
export function exposure(runtime: Runtime, addresses: readonly ListeningAddress[]): Warning | undefined {
  const open = addresses.filter(({ address }) => !isLoopback(address))
  const spent = unguardedKeys(runtime).filter(({ bind }) => open.some(one => one.bind === bind))
  if (spent.length === 0) return undefined
  const backends = [...new Set(spent.map(({ backend }) => (backend === '*' ? 'every model' : backend)))].join(
    ', ',
  )
  const where = [...new Set(open.map(({ address }) => address))].join(', ')
  return {
    event: 'warning',
    message: `${where} is open to other machines, and no client is asked for a key: whoever reaches it spends the key of ${backends}`,
    hint: 'ask clients with apiKey and mode: strict, or listen on 127.0.0.1 alone',
  }
}
