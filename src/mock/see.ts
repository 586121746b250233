import type { IncomingMessage } from 'node:http'
import { isObject } from '../json.ts'
import { parametersOf } from '../query.ts'
import { fingerprint } from '../secrets/secret.ts'
import type { Gathered } from './gather.ts'
import type { SeenRequest } from './options.ts'
import type { Call, Credential, KeyState, Presented } from './provider.ts'
import { PROVIDERS } from './providers.ts'
import { credentialsIn, type Redactor, redactorFor } from './redact.ts'
import { shapeOf } from './shape.ts'
import { decoded } from './text.ts'

/** What surrounds a request: the good keys (`undefined`: any) and what goes into the call unchanged. */
interface Surroundings extends Pick<Call, 'serial' | 'created' | 'latencyMs' | 'answerChars'> {
  readonly keys: readonly string[] | undefined
}

/** Judges the key of a request, then lets only fingerprints of it into what the rest of the mock works with. */
export function see(request: IncomingMessage, body: Gathered, around: Surroundings): Call {
  const { keys, ...rest } = around
  const url = pathOf(request)
  const presented = present(request, url)
  const shape = shapeOf(presented)
  const credential = PROVIDERS[shape].credential(presented)
  const redactor = redactorFor([...(keys ?? []), ...credentialsIn(presented)])
  const parsed = parse(body.bytes, redactor)
  const path = redactor.path(url)
  const [pathname = '', ...query] = path.split('?')
  const model = modelOf(pathname, parsed)
  const seen: SeenRequest = {
    method: request.method ?? 'GET',
    path,
    shape,
    ...redactedHeaders(request, redactor),
    keyFingerprint: credential && fingerprint(credential.value),
    ...(model === undefined ? {} : { model }),
    stream: STREAMING.test(pathname) || (isObject(parsed) && parsed['stream'] === true),
    bodyBytes: body.size,
    body: parsed,
  }
  return {
    ...rest,
    seen,
    pathname,
    query: parametersOf(query.join('?')),
    key: judge(credential, keys),
    body: isObject(parsed) ? parsed : undefined,
  }
}

/** Path and query, also of a request line with a whole URL in it. */
function pathOf(request: IncomingMessage): string {
  return (request.url ?? '/').replace(/^https?:\/\/[^/?]*/i, '') || '/'
}

function present(request: IncomingMessage, url: string): Presented {
  const [pathname = '', ...query] = url.split('?')
  return { pathname, query: parametersOf(query.join('?')), headers: joined(request) }
}

function joined(request: IncomingMessage): Record<string, string> {
  const headers: Record<string, string> = Object.create(null)
  for (const [name, values] of Object.entries(request.headersDistinct)) {
    headers[name] = (values ?? []).join(', ')
  }
  return headers
}

function redactedHeaders(
  request: IncomingMessage,
  redactor: Redactor,
): Pick<SeenRequest, 'headers' | 'rawHeaders'> {
  const rawHeaders: [string, string][] = []
  for (let at = 0; at + 1 < request.rawHeaders.length; at += 2) {
    const name = request.rawHeaders[at] ?? ''
    rawHeaders.push([redactor.text(name), redactor.header(name, request.rawHeaders[at + 1] ?? '')])
  }
  const headers: Record<string, string> = {}
  for (const [name, value] of rawHeaders) {
    const lower = name.toLowerCase()
    headers[lower] = headers[lower] === undefined ? value : `${headers[lower]}, ${value}`
  }
  return { rawHeaders, headers }
}

/** JSON, else the text (also of JSON nested too deep to walk), else `undefined` for nothing. */
function parse(bytes: Buffer | undefined, redactor: Redactor): unknown {
  if (!bytes || bytes.length === 0) return undefined
  const text = bytes.toString('utf8')
  try {
    return redactor.json(JSON.parse(text))
  } catch {
    return redactor.text(text)
  }
}

function judge(credential: Credential | undefined, keys: readonly string[] | undefined): KeyState {
  if (!credential) return { kind: 'missing', masked: '' }
  const good = !credential.misplaced && (keys === undefined || keys.includes(credential.value))
  return { kind: good ? 'good' : 'wrong', place: credential.place, masked: mask(credential.value) }
}

function mask(key: string): string {
  return key.length < 16 ? '***' : `${key.slice(0, 5)}***${key.slice(-4)}`
}

/** Of the APIs whose paths tell it. */
const STREAMING = /:(?:streamGenerateContent|streamRawPredict)$|\/converse-stream$/

function modelOf(pathname: string, body: unknown): string | undefined {
  const inPath = /\/models\/([^/:]+)(?::|$)|\/(?:deployments|model)\/([^/]+)\//.exec(pathname)
  const name = inPath?.[1] ?? inPath?.[2]
  if (name !== undefined) return decoded(name)
  return isObject(body) && typeof body['model'] === 'string' ? body['model'] : undefined
}
