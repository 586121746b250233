import type { ListeningAddress } from '../gateway/index.ts'

/** An address came to be listened on. */
export interface ListeningEvent {
  readonly event: 'listening'
  readonly bind: string
  readonly address: string
}

/** What is listened on, as it is: who reads `127.0.0.1` takes it for granted that nobody else gets in. */
export function urlOf({ scheme, address: host, port }: ListeningAddress): string {
  return `${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}`
}

/** One event for each address that was not listened on `before`. */
export function nowListening(
  addresses: readonly ListeningAddress[],
  before: readonly string[] = [],
): ListeningEvent[] {
  return addresses
    .map((one): ListeningEvent => ({ event: 'listening', bind: one.bind, address: urlOf(one) }))
    .filter(({ address }) => !before.includes(address))
}
