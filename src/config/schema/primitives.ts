import { z } from 'zod'
import type { Code } from '../codes.ts'
import { isDuration } from '../duration.ts'
import { writeHint } from './issue-message.ts'
import { regexProblem } from './rust-regex.ts'
import { rule } from './section.ts'

/** Any text; the empty one too. */
export const text = z.string()

/** Text that says something. */
export const filled = z.string().min(1)

/** Any JSON: agentgateway passes it on unread. */
export const json = z.unknown()
export const jsonMap = z.record(z.string(), json)
export const textMap = z.record(z.string(), text)

/** Text of a certain shape; `sound` tells whether it has it. The text itself is never repeated: it may be a secret. */
export function shaped(
  code: Code,
  message: string,
  hint: string,
  sound: (value: string) => boolean,
): z.ZodString {
  return z.string({ error: () => writeHint(hint) }).check(
    rule<string>((value, report) => {
      if (!sound(value)) report({ code, message, hint })
    }),
  )
}

/** Go's duration text: `500ms`, `10s`, `1h30m`; never a bare number, never negative. */
export const duration = shaped(
  'BAD_DURATION',
  'this is not a duration',
  'write a number with a unit (ns, us, ms, s, m, h), as in 500ms, 10s or 1h30m',
  isDuration,
)

/** A CEL expression; what stands in it is checked by a rule of its own. */
export const cel = shaped(
  'BAD_EXPRESSION',
  'the expression is empty',
  'write a CEL expression, or remove the key',
  value => value.trim() !== '',
)
export const celMap = z.record(z.string(), cel)

/** A whole number from 0 to `max`. */
export function count(max = Number.MAX_SAFE_INTEGER): z.ZodInt {
  return z.int().min(0).max(max)
}

export const uint8 = count(255)
export const uint16 = count(65_535)
export const uint32 = count(4_294_967_295)

/** A TCP port; 0 lets the system choose. */
export const port = count(65_535)

/** The port of something that is called, where 0 makes no sense. */
export const targetPort = z.int().min(1).max(65_535)

export const httpStatus = z.int().min(100).max(999)

/** Bytes: text, or a list of numbers from 0 to 255. */
export const bytes = z.union([text, z.array(uint8)], { error: () => 'text | a list of bytes' })

const LABEL = '[\\p{L}\\p{N}_](?:[\\p{L}\\p{N}_-]*[\\p{L}\\p{N}_])?'
const DOMAIN = new RegExp(`^${LABEL}(?:\\.${LABEL})*\\.?$`, 'u')
const IPV6 = /^[0-9a-fA-F:.]*:[0-9a-fA-F:.]*(?:%[\w.-]+)?$/

/** A name or an IPv4 address, without port. */
export function isDomain(value: string): boolean {
  return value.length <= 253 && DOMAIN.test(value)
}

/** `name:port`, `1.2.3.4:port`, `[v6]:port` or `unix:/path`. */
export function isHostPort(value: string): boolean {
  if (value.startsWith('unix:')) return value.length > 'unix:'.length
  const [, v6, name = '', digits = ''] = /^(?:\[([^\]]*)\]|([^:]*)):(\d{1,5})$/.exec(value) ?? []
  const portNumber = Number(digits)
  if (digits === '' || portNumber < 1 || portNumber > 65_535) return false
  return v6 === undefined ? isDomain(name) : IPV6.test(v6)
}

export const hostPort = shaped(
  'BAD_HOST',
  'this is not a host with a port',
  'write host:port without scheme or path, as in api.openai.com:443, [::1]:8080 or unix:/run/app.sock',
  isHostPort,
)

/** What requests are compared with: `api.example.com`, `*.example.com`; empty or `*` takes all. */
export const hostname = shaped(
  'BAD_HOSTNAME',
  'this is not a hostname that a request can have',
  'write the name alone, without scheme, port or path; a star may stand for the first labels, as in *.example.com',
  value => value === '' || value === '*' || isDomain(value.replace(/^\*\./, '')),
)

/** A word of which the host of a cloud is made: the name of a resource or a region. */
export const hostPart = shaped(
  'BAD_NAME',
  'no host can be made of this name',
  'write the name alone: of https://team.openai.azure.com it is team, of bedrock-runtime.eu-west-1.amazonaws.com eu-west-1',
  // An empty one is told of where it is used.
  value => value === '' || HOST_PART.test(value),
)

const HOST_PART = /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/i

/** `namespace/hostname` of a service in `services`. */
export const namespacedHostname = shaped(
  'BAD_NAME',
  'this is not the name of a service',
  'write it as namespace/hostname, as in default/web.default.svc.cluster.local',
  value => /^[^/\s]+\/[^/\s]+$/.test(value),
)

const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/

/** An HTTP token: what a header name or a method may be. */
export function isToken(value: string): boolean {
  return TOKEN.test(value)
}

const PSEUDO = [':method', ':path', ':authority', ':scheme', ':status']

export const headerName = shaped(
  'BAD_HEADER',
  'this is not a header name',
  'a header name has letters, digits and dashes only, as in x-api-key',
  isToken,
)

/** A header, or a part of the request or status line by the name that HTTP/2 gives it. */
export function isHeaderOrPseudo(name: string): boolean {
  return isToken(name) || PSEUDO.includes(name)
}

export const headerOrPseudo = shaped(
  'BAD_HEADER',
  'this is not a header name',
  `write a header name, as in x-api-key, or one of ${PSEUDO.join(', ')}`,
  isHeaderOrPseudo,
)

export const httpMethod = shaped(
  'BAD_NAME',
  'this is not an HTTP method',
  'write the method in capitals, as in GET or POST',
  isToken,
)

/** A regular expression in the dialect of Rust's regex crate: no look-around, no back-references. */
export const regex = z.string().check(
  rule<string>((value, report) => {
    const problem = regexProblem(value)
    if (problem === undefined) return
    report({
      code: 'BAD_REGEX',
      message: `this regular expression does not compile: ${problem.message}`,
      hint: problem.hint,
    })
  }),
)

/** Part of an address, as it goes into a header line. */
export const addressPart = shaped(
  'BAD_URL',
  'this cannot stand in an address: it holds a space, a control character or a letter beyond ASCII',
  'write such characters percent-encoded, as in %20',
  value => /^[\x21-\x7e]*$/.test(value),
)

const CONTROL = /[\0-\x08\x0a-\x1f\x7f]/

/** Header name → value, written as they are sent, or as expressions, which may go over several lines. */
export function headerMap<V extends z.ZodType>(
  value: V,
  isName: (name: string) => boolean = isToken,
  isSentAsWritten = true,
): z.ZodRecord<z.ZodString, V> {
  return z.record(z.string(), value).check(
    rule<Record<string, unknown>>((map, report) => {
      for (const [name, content] of Object.entries(map)) {
        if (!isName(name)) {
          report({
            code: 'BAD_HEADER',
            message: 'this key is not a header name',
            hint: 'a header name has letters, digits and dashes only, as in x-api-key',
            path: [name],
            at: 'key',
          })
        }
        if (isSentAsWritten && typeof content === 'string' && CONTROL.test(content)) {
          report({
            code: 'BAD_HEADER',
            message: 'this header value holds a line break or another control character',
            hint: 'write the value on one line',
            path: [name],
          })
        }
      }
    }),
  )
}

/** An absolute http(s) URL. */
export const httpUrl = shaped(
  'BAD_URL',
  'this is not an http or https URL',
  'write it in full, as in https://issuer.example.com/path',
  value => parseUrl(value)?.protocol.startsWith('http') === true,
)

export function parseUrl(value: string): URL | undefined {
  return URL.canParse(value) ? new URL(value) : undefined
}

/** Where one of agentgateway's own servers listens: `ip:port`, `localhost:port`, `unix:/path` or `off`. */
export const listenAddress = shaped(
  'BAD_ADDRESS',
  'this is not an address to listen on',
  'write ip:port, localhost:port, unix:/path or off',
  value => {
    if (value === 'off' || /^unix:./.test(value)) return true
    const [, host = '', digits = ''] =
      /^(localhost|\d+\.\d+\.\d+\.\d+|\[[0-9a-fA-F:.]+\]):(\d{1,5})$/.exec(value) ?? []
    return host !== '' && Number(digits) <= 65_535
  },
)
