import type { Socket } from 'node:net'
import type { Connector } from './undici.ts'

/** Tells the ports that this gateway listens on. */
export type OwnPorts = (port: number) => boolean

function isThisMachine({ localAddress, remoteAddress = '' }: Socket): boolean {
  return remoteAddress === localAddress || remoteAddress === '::1' || /^(?:::ffff:)?127\./.test(remoteAddress)
}

/**
 * Tells of a connection that leads to this gateway itself. Whatever name, rule or redirection brought it there, its two
 * ends are addresses of this machine, and one of them has a port that is listened on here.
 */
export function noticing(connect: Connector, isOwn: OwnPorts, notice: () => void): Connector {
  return (options, callback) =>
    connect(options, (...opened) => {
      if (opened[0] === null && isOwn(opened[1].remotePort ?? 0) && isThisMachine(opened[1])) notice()
      callback(...opened)
    })
}
