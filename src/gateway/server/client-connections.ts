import type { Server, Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'

/** Where a client has come in. */
export interface ConnectionPlace {
  /** `bind/3000` */
  readonly bind: string
  readonly protocol: 'http' | 'https'
  /** With TLS the one whose certificate was shown; in the clear each request has its own. */
  readonly listener: string | undefined
}

export type ConnectionChange =
  | {
      readonly kind: 'opened'
      /** Milliseconds from the first byte to the end of the TLS handshake; undefined in the clear. */
      readonly handshakeMs: number | undefined
    }
  | { readonly kind: 'closed'; readonly received: number; readonly sent: number }

/** Told when a client's connection is there, with TLS after its handshake, and when it is gone; must not throw. */
export type ConnectionObserver = (place: ConnectionPlace, change: ConnectionChange) => void

export function watchConnections(server: Server, bind: string, tell: ConnectionObserver): void {
  const place = { bind, protocol: 'http', listener: undefined } as const
  server.on('connection', socket => watch(socket, place, undefined, tell))
}

/** Told of each connection when its handshake is over. */
export type SecureObserver = (
  secure: TLSSocket,
  below: Socket | undefined,
  handshakeMs: number | undefined,
) => void

/** Told of a handshake that has failed; the connection below can still be written to. */
export type FailedObserver = (
  error: NodeJS.ErrnoException,
  secure: TLSSocket,
  below: Socket | undefined,
) => void

/** Finds for each connection with TLS the one below it. */
export function onSecureConnection(server: Server, tell: SecureObserver, onFailed: FailedObserver): void {
  // Node has no public way from a TLS socket to the one below it, but both have the same ends.
  const shaking = new Map<string, { readonly socket: Socket; readonly since: number }>()
  server.on('connection', socket => {
    const ends = endsOf(socket)
    shaking.set(ends, { socket, since: performance.now() })
    socket.once('close', () => {
      if (shaking.get(ends)?.socket === socket) shaking.delete(ends)
    })
  })
  server.on('secureConnection', (secure: TLSSocket) => {
    const ends = endsOf(secure)
    const below = shaking.get(ends)
    shaking.delete(ends)
    tell(secure, below?.socket, below && performance.now() - below.since)
  })
  server.on('tlsClientError', (error: NodeJS.ErrnoException, secure: TLSSocket) =>
    onFailed(error, secure, shaking.get(endsOf(secure))?.socket),
  )
}

/** `listenerOf` is asked for the name of the listener that serves a connection. */
export function secureWatch(
  bind: string,
  listenerOf: (socket: TLSSocket) => string | undefined,
  tell: ConnectionObserver,
): SecureObserver {
  return (secure, below, handshakeMs) =>
    watch(below ?? secure, { bind, protocol: 'https', listener: listenerOf(secure) }, handshakeMs, tell)
}

/** A client may use one port of its own for connections to several addresses of this machine. */
function endsOf({ remoteAddress, remotePort, localAddress }: Socket): string {
  return `${remoteAddress} ${remotePort} ${localAddress}`
}

/** Bytes are those on the wire; a connection in memory counts none. */
function watch(
  wire: Socket,
  place: ConnectionPlace,
  handshakeMs: number | undefined,
  tell: ConnectionObserver,
): void {
  tell(place, { kind: 'opened', handshakeMs })
  wire.once('close', () =>
    tell(place, { kind: 'closed', received: wire.bytesRead ?? 0, sent: wire.bytesWritten ?? 0 }),
  )
}
