import { BlockList, isIP } from 'node:net'
import type { Handler } from './handler.ts'

/** An address, as `ip("10.0.0.1")` yields it. */
export class Ip {
  readonly text: string
  readonly family: 4 | 6

  constructor(text: string) {
    const version = isIP(text)
    if ((version !== 4 && version !== 6) || text.includes('%')) throw new TypeError('not an IP address')
    this.family = version
    // The shortest form of an IPv6 address.
    this.text = version === 4 ? text : new URL(`http://[${text}]`).hostname.slice(1, -1)
  }

  isWithin(...networks: readonly string[]): boolean {
    return networks.some(network => new Cidr(network).contains(this))
  }

  equals(other: Ip): boolean {
    return this.family === other.family && new Cidr(`${this.text}/${widthOf(this)}`).contains(other)
  }

  toString(): string {
    return this.text
  }
}

function widthOf({ family }: Ip): number {
  return family === 4 ? 32 : 128
}

/** A network, for `cidr("10.0.0.0/8").containsIP(source.address)`. */
export class Cidr {
  readonly ip: Ip
  readonly bits: number
  readonly #list = new BlockList()

  constructor(text: string) {
    const [, address = '', bits = ''] = /^([^/]+)\/(\d{1,3})$/.exec(text) ?? []
    this.ip = new Ip(address)
    this.bits = Number(bits)
    this.#list.addSubnet(address, this.bits, nameOf(this.ip))
  }

  contains(address: Ip): boolean {
    // An IPv4 address is in no IPv6 network, though Node would look for it as ::ffff:….
    return address.family === this.ip.family && this.#list.check(address.text, nameOf(address))
  }

  /** All of its addresses are in here. */
  containsAll(network: Cidr): boolean {
    return network.bits >= this.bits && this.contains(network.ip)
  }

  /** The same network by its first address. */
  masked(): Cidr {
    return new Cidr(`${firstAddress(this.ip, this.bits)}/${this.bits}`)
  }

  equals(other: Cidr): boolean {
    return this.bits === other.bits && this.ip.equals(other.ip)
  }

  toString(): string {
    return `${this.ip}/${this.bits}`
  }
}

function nameOf({ family }: Ip): 'ipv4' | 'ipv6' {
  return family === 4 ? 'ipv4' : 'ipv6'
}

function firstAddress(ip: Ip, bits: number): string {
  const [width, radix, digits, sign] =
    ip.family === 4 ? ([8, 10, 4, '.'] as const) : ([16, 16, 8, ':'] as const)
  const groups = groupsOf(ip)
  const masked = groups.map((group, index) => {
    const kept = Math.min(Math.max(bits - index * width, 0), width)
    return (group >> (width - kept)) << (width - kept)
  })
  return masked
    .slice(0, digits)
    .map(group => group.toString(radix))
    .join(sign)
}

/** Bytes of an IPv4 address, 16-bit groups of an IPv6 one. */
function groupsOf(ip: Ip): number[] {
  if (ip.family === 4) return ip.text.split('.').map(Number)
  // An IPv4 address at the end stands for two groups.
  const text = ip.text.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_, ...bytes: string[]) => {
    const [a = 0, b = 0, c = 0, d = 0] = bytes.slice(0, 4).map(Number)
    return `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`
  })
  const [before = '', after] = text.split('::')
  const parse = (part: string): number[] =>
    part === '' ? [] : part.split(':').map(one => Number.parseInt(one, 16))
  const [head, tail] = [parse(before), parse(after ?? '')]
  return after === undefined
    ? head
    : [...head, ...Array<number>(8 - head.length - tail.length).fill(0), ...tail]
}

/** Kubernetes' functions for addresses and networks, as far as agentgateway has them. */
export const NETWORK_FUNCTIONS: readonly (readonly [string, Handler])[] = [
  ['isIP(string): bool', (text: string) => isIP(text) !== 0 && !text.includes('%')],
  ['ip(string): Ip', (text: string) => new Ip(text)],
  ['cidr(string): Cidr', (text: string) => new Cidr(text)],
  ['Cidr.containsIP(string): bool', (network: Cidr, address: string) => network.contains(new Ip(address))],
  ['Cidr.containsIP(Ip): bool', (network: Cidr, address: Ip) => network.contains(address)],
  ['Cidr.containsCIDR(Cidr): bool', (network: Cidr, other: Cidr) => network.containsAll(other)],
  ['Cidr.ip(): Ip', (network: Cidr) => network.ip],
  ['Cidr.masked(): Cidr', (network: Cidr) => network.masked()],
  ['Cidr.prefixLength(): int', (network: Cidr) => BigInt(network.bits)],
  ['Ip.family(): int', (ip: Ip) => BigInt(ip.family)],
  ['Ip.isUnspecified(): bool', (ip: Ip) => ip.isWithin('0.0.0.0/32', '::/128')],
  ['Ip.isLoopback(): bool', (ip: Ip) => ip.isWithin('127.0.0.0/8', '::1/128')],
  ['Ip.isLinkLocalMulticast(): bool', (ip: Ip) => ip.isWithin('224.0.0.0/24', 'ff02::/16')],
  ['Ip.isLinkLocalUnicast(): bool', (ip: Ip) => ip.isWithin('169.254.0.0/16', 'fe80::/10')],
  // Private IPv4 addresses count as global, as in Go and Kubernetes.
  [
    'Ip.isGlobalUnicast(): bool',
    (ip: Ip) =>
      !ip.isWithin('0.0.0.0/32', '127.0.0.0/8', '169.254.0.0/16', '224.0.0.0/4', '255.255.255.255/32') &&
      !ip.isWithin('::/128', '::1/128', 'fc00::/7', 'fe80::/10', 'ff00::/8'),
  ],
  ['string(Ip): string', String],
  ['string(Cidr): string', String],
]
