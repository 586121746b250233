import { Wildcard } from '../regex/wildcard.ts'

/** `https://app.test:8443`, taken apart. */
export interface Origin {
  readonly scheme: string
  /** Lower case. */
  readonly host: string
  readonly port: number
}

/** An origin of the config, whose host may hold stars. */
export interface AllowedOrigin {
  covers(origin: Origin): boolean
}

/** Longer names there are none. */
const LONGEST_HOST = 253
const FORM = /^(https?):\/\/([^/?#:]+)(?::(\d{1,5}))?$/i

/** Undefined for everything that is no `scheme://host[:port]`; the port of the scheme stands for an absent one. */
export function parseOrigin(text: string): Origin | undefined {
  const parts = FORM.exec(text)
  const [, scheme = '', host = '', port] = parts ?? []
  const number = port === undefined ? (scheme.toLowerCase() === 'http' ? 80 : 443) : Number(port)
  if (parts === null || number < 1 || number > 65535 || host.length > LONGEST_HOST) return undefined
  return { scheme: scheme.toLowerCase(), host: host.toLowerCase(), port: number }
}

/** Undefined for a text that no origin can equal. */
export function originPattern(text: string): AllowedOrigin | undefined {
  const parsed = parseOrigin(text)
  if (parsed === undefined) return undefined
  const host = new Wildcard(parsed.host)
  return {
    covers: origin =>
      origin.scheme === parsed.scheme && origin.port === parsed.port && host.covers(origin.host),
  }
}
