import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { afterEachFile } from '../../helpers/afterwards.ts'
import { type Certificate, makeCertificate } from '../../helpers/tls.ts'

const closing: (() => void)[] = []
afterEachFile(() => {
  for (const close of closing.splice(0)) close()
})

interface Options {
  /** What is missing is 403 as well, as it is for a role with rights on single names. */
  readonly strict?: boolean
  /** Over TLS, with logins by certificates of this authority beside the token. */
  readonly clients?: Certificate
}

/**
 * A stand-in for the Secrets of a kube-apiserver, after its published interface: get by name, create and merge patch, which
 * a resourceVersion that is old makes a conflict, watch by name with resource versions, bookmarks and 410 Gone. Its watches end when it is told so, not by their time.
 */
export async function fakeKubernetes({ strict = false, clients }: Options = {}) {
  const secrets = new Map<string, Record<string, string>>()
  const history: { readonly version: number; readonly path: string; readonly line: string }[] = []
  const watches = new Map<ServerResponse, string>()
  const seen: string[] = []
  const versions = new Map<string, number>()
  const state = {
    token: 'pod-token-1',
    mayWatch: true,
    mayWrite: true,
    /** The Secret that is never answered for. */
    silent: undefined as string | undefined,
    version: 1,
    oldest: 0,
    /** Done once, when the next write has come and is not looked at yet. */
    beforeWrite: undefined as (() => void) | undefined,
  }

  const objectOf = (path: string, version: number) => ({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: path.split('/').at(-1), resourceVersion: String(version) },
    data: Object.fromEntries(
      Object.entries(secrets.get(path) ?? {}).map(([key, value]) => [
        key,
        Buffer.from(value).toString('base64'),
      ]),
    ),
  })
  const lineOf = (type: string, object: unknown): string => `${JSON.stringify({ type, object })}\n`
  const status = (response: ServerResponse, code: number, reason: string): void => {
    response.writeHead(code, { 'content-type': 'application/json' })
    response.end(JSON.stringify({ kind: 'Status', status: 'Failure', reason, code }))
  }
  const gone = lineOf('ERROR', { kind: 'Status', code: 410, reason: 'Expired' })

  const watch = (url: URL, response: ServerResponse): void => {
    if (!state.mayWatch) return status(response, 403, 'Forbidden')
    const name = url.searchParams.get('fieldSelector')?.replace('metadata.name=', '')
    const path = `${url.pathname}/${name}`
    const from = url.searchParams.get('resourceVersion')
    response.writeHead(200, { 'content-type': 'application/json' })
    if (from !== null && Number(from) < state.oldest) return void response.end(gone)
    if (from === null && secrets.has(path))
      response.write(lineOf('ADDED', objectOf(path, versions.get(path) ?? 0)))
    for (const one of history)
      if (from !== null && one.path === path && one.version > Number(from)) response.write(one.line)
    response.flushHeaders()
    watches.set(response, path)
    response.on('close', () => watches.delete(response))
  }
  const write = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    let text = ''
    for await (const chunk of request.setEncoding('utf8')) text += String(chunk)
    state.beforeWrite?.()
    state.beforeWrite = undefined
    if (!state.mayWrite) return status(response, 403, 'Forbidden')
    const isNew = request.method === 'POST'
    if (request.headers['content-type'] !== (isNew ? 'application/json' : 'application/merge-patch+json'))
      return status(response, 415, 'UnsupportedMediaType')
    const { kind, metadata, data } = JSON.parse(text) as {
      readonly kind?: string
      readonly metadata: { readonly name?: string; readonly resourceVersion?: string }
      readonly data: Readonly<Record<string, string | null>>
    }
    const path = isNew ? `${request.url}/${metadata.name}` : (request.url ?? '')
    if (isNew ? secrets.has(path) || kind !== 'Secret' : metadata.resourceVersion !== versionOf(path))
      return status(response, 409, isNew ? 'AlreadyExists' : 'Conflict')
    if (Object.keys(data).some(key => !/^[-._a-zA-Z0-9]+$/.test(key))) return status(response, 422, 'Invalid')
    const next = { ...secrets.get(path) }
    for (const [key, encoded] of Object.entries(data)) {
      if (encoded === null) delete next[key]
      else next[key] = Buffer.from(encoded, 'base64').toString('utf8')
    }
    put(path, next)
    response.writeHead(isNew ? 201 : 200, { 'content-type': 'application/json' })
    response.end(JSON.stringify(objectOf(path, versions.get(path) ?? 0)))
  }
  const listener: RequestListener = (request: IncomingMessage, response) => {
    const url = new URL(request.url ?? '', 'http://x')
    seen.push(request.url ?? '')
    const byCertificate = clients !== undefined && (request.socket as TLSSocket).authorized
    if (!byCertificate && request.headers.authorization !== `Bearer ${state.token}`)
      return status(response, 401, 'Unauthorized')
    if (url.pathname === '/version') return void response.end('{"major":"1","minor":"32"}')
    if (request.method !== 'GET') return void write(request, response)
    if (url.searchParams.get('watch') === 'true') return watch(url, response)
    if (url.pathname === state.silent) return
    if (!secrets.has(url.pathname))
      return strict ? status(response, 403, 'Forbidden') : status(response, 404, 'NotFound')
    response.writeHead(200, { 'content-type': 'application/json' })
    response.end(JSON.stringify(objectOf(url.pathname, versions.get(url.pathname) ?? state.version)))
  }
  const own = makeCertificate(['127.0.0.1', 'cluster.test'])
  const server =
    clients === undefined
      ? createServer(listener)
      : createTlsServer(
          { cert: own.cert, key: own.key, ca: clients.ca, requestCert: true, rejectUnauthorized: false },
          listener,
        )
  server.listen(0, '127.0.0.1')
  closing.push(() => {
    server.closeAllConnections()
    server.close()
  })
  await new Promise(resolve => server.once('listening', resolve))
  const { port } = server.address() as AddressInfo

  const tell = (path: string, type: string): void => {
    state.version += 1
    versions.set(path, state.version)
    const line = lineOf(type, objectOf(path, state.version))
    history.push({ version: state.version, path, line })
    for (const [response, watched] of watches)
      if (watched === path && !response.writableEnded) response.write(line)
  }
  const versionOf = (path: string): string => String(versions.get(path))
  const put = (path: string, data: Record<string, string>): void => {
    const type = secrets.has(path) ? 'MODIFIED' : 'ADDED'
    secrets.set(path, data)
    tell(path, type)
  }
  return {
    url: `http${clients === undefined ? '' : 's'}://127.0.0.1:${port}`,
    ca: own.ca,
    /** What was asked for, path and query. */
    seen: seen as readonly string[],
    state,
    put,
    remove(path: string): void {
      secrets.delete(path)
      tell(path, 'DELETED')
    },
    get(path: string): Record<string, string> {
      return secrets.get(path) ?? {}
    },
    watches: (): number => watches.size,
    /** Moves on without a change, and says so in a bookmark. */
    bookmark(): void {
      state.version += 10
      const object = { kind: 'Secret', metadata: { resourceVersion: String(state.version) } }
      for (const response of watches.keys()) response.write(lineOf('BOOKMARK', object))
    },
    /** Ends all watches as their time does. */
    endWatches(): void {
      for (const response of watches.keys()) response.end()
    },
    /** Forgets what was: versions of before are answered as gone. */
    compact(): void {
      state.oldest = state.version
      history.length = 0
    },
    /** Tells a watch under way that its version is gone. */
    expire(): void {
      for (const response of watches.keys()) response.end(gone)
    },
  }
}

export type FakeKubernetes = Awaited<ReturnType<typeof fakeKubernetes>>
