import { AgwError } from '../errors.ts'
import { isOpenHeader } from '../gateway/index.ts'

/** The request as the command line describes it. */
export interface WantedRequest {
  readonly path: string
  /** POST with a body unless told. */
  readonly method?: string | undefined
  readonly model?: string | undefined
  readonly prompt: string
  /** `name: value` each. */
  readonly headers: readonly string[]
  readonly host?: string | undefined
  /** Of the config, where it has several. */
  readonly port?: number | undefined
  readonly stream: boolean
}

/** The request as it is sent. */
export interface ConcreteRequest {
  readonly method: string
  readonly path: string
  readonly host: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
}

/** What of the headers that were given may be a key, however often it is said that none should be. */
export function secretsGiven({ headers }: WantedRequest): string[] {
  return headers.flatMap(header => {
    const name = header.replace(/\s*:.*$/s, '').toLowerCase()
    if (isOpenHeader(name)) return []
    const value = header.replace(/^[^:]*:\s*/, '')
    if (name === 'cookie') return value.split(';').map(part => part.replace(/^[^=]*=/, '').trim())
    const [, scheme = '', credential = value] = /^(\w+)\s+(.*)$/s.exec(value) ?? []
    if (scheme.toLowerCase() !== 'basic') return [credential]
    const pair = Buffer.from(credential, 'base64').toString()
    return [credential, pair, pair.replace(/^[^:]*:/, '')]
  })
}

/** What is sent for what was described. Throws USAGE for what no request can hold. */
export function concrete(wanted: WantedRequest): ConcreteRequest {
  const method = (wanted.method ?? (isModelList(wanted.path) ? 'GET' : 'POST')).toUpperCase()
  if (!/^[!#$%&'*+.^`|~\w-]+$/.test(method)) {
    throw new AgwError('USAGE', '--method is not the name of an HTTP method', {
      hint: 'for example --method GET',
    })
  }
  if (!/^[\x21-\x7e]*$/.test(wanted.path)) {
    throw new AgwError('USAGE', 'the path holds characters that a URL cannot', {
      hint: 'percent-encode them, as in /a%20b',
    })
  }
  if (/^[a-z][a-z\d+.-]*:\/\//i.test(wanted.path)) {
    throw new AgwError('USAGE', 'the path of a request is needed here, and this is a whole URL', {
      hint: 'give the part from the / after the host on, as in /v1/models; --host NAME gives the host, --url URL a gateway that runs',
    })
  }
  const path = wanted.path.startsWith('/') ? wanted.path : `/${wanted.path}`
  const host = wanted.host ?? 'localhost'
  if (!/^[\x21-\x7e]*$/.test(host)) {
    throw new AgwError('USAGE', '--host holds characters that the name of a host cannot', {
      hint: 'a name with other letters is written in its ASCII form, xn--…',
    })
  }
  const headers = { host, accept: '*/*', 'user-agent': 'agw-test-route', ...headersOf(wanted.headers) }
  const asked = { method, path, host: headers.host, headers }
  if (['GET', 'HEAD', 'OPTIONS', 'TRACE'].includes(method)) return asked
  return {
    ...asked,
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(bodyFor(path, wanted)),
  }
}

/** A request has one of these; all others may be given again and again, which makes a list of them. */
const SINGLE = new Set(['host', 'accept', 'user-agent', 'content-type', 'authorization', 'origin'])

function headersOf(given: readonly string[]): Record<string, string> {
  const headers: Record<string, string> = {}
  for (const header of given) {
    const colon = header.indexOf(':')
    const name = header.slice(0, colon).trim().toLowerCase()
    if (colon < 1 || !/^[\w!#$%&'*+.^`|~-]+$/.test(name)) {
      throw new AgwError('USAGE', '--header is not of the form "name: value"', {
        hint: 'for example --header "x-team: blue"',
      })
    }
    const value = header.slice(colon + 1).trim()
    if (!/^[\t\x20-\x7e\x80-\xff]*$/.test(value)) {
      throw new AgwError('USAGE', 'a value given with --header holds characters that no header can carry')
    }
    const before = SINGLE.has(name) ? undefined : headers[name]
    headers[name] = before === undefined ? value : `${before}${name === 'cookie' ? '; ' : ', '}${value}`
  }
  return headers
}

/**
 * `/v1/models`, and one of its models. Behind a colon, or another slash as in `/models/NAME/v1/chat/completions`, stands what
 * the model is to do.
 */
function isModelList(path: string): boolean {
  return /\/models(?:\/[^:/]*)?$/.test(withoutQuery(path))
}

function withoutQuery(path: string): string {
  return path.replace(/\?.*$/s, '')
}

/** The smallest request of the kind that the path asks for. */
function bodyFor(written: string, { model, prompt, stream }: WantedRequest): object {
  const path = withoutQuery(written)
  const messages = [{ role: 'user', content: prompt }]
  const streamed = stream ? { stream: true } : {}
  if (path.includes('/embeddings')) return { model, input: prompt }
  if (path.includes('/responses')) return { model, input: prompt, ...streamed }
  if (path.includes('/rerank')) return { model, query: prompt, documents: [prompt] }
  if (path.includes('/images/')) return { model, prompt }
  if (/:(?:generateContent|streamGenerateContent|countTokens)$/.test(path))
    return { contents: [{ role: 'user', parts: [{ text: prompt }] }] }
  if (path.endsWith('/messages/count_tokens')) return { model, messages }
  if (path.includes('/messages')) return { model, max_tokens: 64, messages, ...streamed }
  if (/(?<!\/chat)\/completions$/.test(path)) return { model, prompt, ...streamed }
  return { model, messages, ...streamed }
}
