import { AgwError } from '../../errors.ts'

/** Connections to one address go to another; names in TLS and in `Host` stay. An absent part fits or keeps anything. */
export interface ConnectTo {
  readonly fromHost: string | undefined
  readonly fromPort: number | undefined
  readonly toHost: string | undefined
  readonly toPort: number | undefined
}

const PART = String.raw`(\[[^\]]*\]|[^:[\]]*):(\d*)`
const FORM = new RegExp(`^${PART}:${PART}$`)

function host(text: string | undefined): string | undefined {
  const name = (text ?? '').replace(/^\[(.*)\]$/, '$1').toLowerCase()
  return name === '' ? undefined : name
}

function port(text: string | undefined): number | undefined {
  return text === undefined || text === '' ? undefined : Number(text)
}

/** curl's `HOST1:PORT1:HOST2:PORT2`, IPv6 in brackets, empty parts for "any". Throws USAGE on anything else. */
export function parseConnectTo(text: string): ConnectTo {
  const parts = FORM.exec(text)
  const to = port(parts?.[4])
  if (parts === null || (port(parts[2]) ?? 0) > 65535 || (to ?? 0) > 65535) {
    throw new AgwError('USAGE', '--connect-to is not of the form HOST:PORT:HOST:PORT', {
      hint: 'for example --connect-to api.openai.com:443:127.0.0.1:8443',
    })
  }
  return { fromHost: host(parts[1]), fromPort: port(parts[2]), toHost: host(parts[3]), toPort: to }
}

/** Where to connect for `hostname:port`: the first rule that fits decides. */
export function redirect(
  rules: readonly ConnectTo[],
  hostname: string,
  portNumber: number,
): { readonly host: string; readonly port: number } {
  const rule = rules.find(
    ({ fromHost, fromPort }) =>
      (fromHost === undefined || fromHost === hostname.toLowerCase()) &&
      (fromPort === undefined || fromPort === portNumber),
  )
  return { host: rule?.toHost ?? hostname, port: rule?.toPort ?? portNumber }
}
