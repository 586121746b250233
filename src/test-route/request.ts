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
  return headers
    .filter(header => !isOpenHeader(header.replace(/\s*:.*$/s, '')))
    .map(header => header.replace(/^[^:]*:\s*(?:\w+\s+)?/, ''))
}

/** What is sent for what was described. Throws USAGE for what no request can hold. */
export function concrete(wanted: WantedRequest): ConcreteRequest {
  const method = (wanted.method ?? (wanted.path.endsWith('/models') ? 'GET' : 'POST')).toUpperCase()
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
  const headers: Record<string, string> = {
    host: wanted.host ?? 'localhost',
    accept: '*/*',
    'user-agent': 'agw-test-route',
  }
  for (const header of wanted.headers) {
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
    headers[name] = value
  }
  if (['GET', 'HEAD', 'OPTIONS'].includes(method))
    return { method, path, host: headers['host'] ?? 'localhost', headers }
  headers['content-type'] ??= 'application/json'
  return {
    method,
    path,
    host: headers['host'] ?? 'localhost',
    headers,
    body: JSON.stringify(bodyFor(path, wanted)),
  }
}

/** The smallest request of the kind that the path asks for. */
function bodyFor(path: string, { model, prompt, stream }: WantedRequest): object {
  const messages = [{ role: 'user', content: prompt }]
  const streamed = stream ? { stream: true } : {}
  if (path.includes('/embeddings')) return { model, input: prompt }
  if (path.includes('/responses')) return { model, input: prompt, ...streamed }
  if (path.includes(':generateContent') || path.includes(':streamGenerateContent')) {
    return { contents: [{ role: 'user', parts: [{ text: prompt }] }] }
  }
  if (path.includes('/messages')) return { model, max_tokens: 64, messages, ...streamed }
  return { model, messages, ...streamed }
}
