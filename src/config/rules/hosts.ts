/** How far the way to a host is: on this machine, inside a network of one's own, or over the open network. */
export type Distance = 'loopback' | 'private' | 'public'

/** An address to call. */
export interface Address {
  readonly host: string
  readonly port: number | undefined
}

const PRIVATE_NAME = /(?:^[^.:]+$|\.(?:local|internal|lan|intranet|home\.arpa|svc|cluster\.local|private)$)/
const PRIVATE_IP =
  /^(?:10\.|192\.168\.|169\.254\.|172\.(?:1[6-9]|2\d|3[01])\.|100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.|f[cd][0-9a-f]{2}:|fe80:)/i

/** `host:port`, `[v6]:port` or `unix:/path` → its parts. */
export function addressOf(text: string): Address {
  if (text.startsWith('unix:')) return { host: 'localhost', port: undefined }
  const [, v6, name, port] = /^(?:\[([^\]]*)\]|([^:]*)):(\d+)$/.exec(text) ?? []
  return { host: v6 ?? name ?? text, port: port === undefined ? undefined : Number(port) }
}

export function distanceOf(host: string): Distance {
  const name = host
    .toLowerCase()
    .replace(/\.$/, '')
    .replace(/^\[|\]$/g, '')
  if (/^(?:(?:.*\.)?localhost|127\.[\d.]+|::1|0\.0\.0\.0|::|host\.docker\.internal)$/.test(name))
    return 'loopback'
  return PRIVATE_IP.test(name) || PRIVATE_NAME.test(name) ? 'private' : 'public'
}
