import { createHash, timingSafeEqual } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { type AddressInfo, isIP } from 'node:net'
import { AgwError } from '../../errors.ts'
import { type AdminView, type Page, type PageSet, pageFor, READINESS } from './pages.ts'

/** Where an admin server listens. */
export interface AdminAddress {
  /** An IP address or `localhost`. */
  readonly host: string
  /** 0 lets the system choose. */
  readonly port: number
}

export interface AdminOptions extends AdminAddress {
  readonly on: PageSet
  /** What `Authorization: Bearer` must carry; required off loopback, but for readiness. */
  readonly token: string | undefined
}

/** An admin server that listens. */
export interface AdminServer {
  /** `http://127.0.0.1:15000` */
  readonly url: string
  close(): Promise<void>
}

/** `ip:port`, `localhost:port`, `[::]:port`; `off` is undefined. Throws USAGE for anything else, naming `place`. */
export function parseAdminAddress(text: string, place: string): AdminAddress | undefined {
  if (text === 'off') return undefined
  const parts = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text)
  const host = parts?.[1] ?? parts?.[2] ?? ''
  const port = Number(parts?.[3])
  if ((isIP(host) !== 0 || host === 'localhost') && port <= 65535) return { host, port }
  throw new AgwError('USAGE', `${place} is not an address to listen on`, {
    hint: 'write it as 127.0.0.1:15000, localhost:15000 or [::1]:15000, or off',
  })
}

/** Whether only this machine can reach the address. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\./.test(host)
}

/** Requests here are a line and a few headers: who takes longer keeps a connection from others. */
const LIMITS = { headersTimeout: 5000, requestTimeout: 10_000, connectionsCheckingInterval: 1000 }
const MOST_CONNECTIONS = 256

/** Serves the pages. Throws PORT_TAKEN when the address cannot be had. */
export async function startAdmin(view: AdminView, options: AdminOptions): Promise<AdminServer> {
  const server = createServer(LIMITS, (request, response) => {
    answer(view, options, request).then(
      page => send(view, page, request, response),
      () => send(view, { status: 500, type: 'text/plain', body: 'internal error\n' }, request, response),
    )
  })
  server.maxConnections = MOST_CONNECTIONS
  await listen(server, options)
  const { address, port } = server.address() as AddressInfo
  return {
    url: `http://${address.includes(':') ? `[${address}]` : address}:${port}`,
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

async function answer(view: AdminView, options: AdminOptions, request: IncomingMessage): Promise<Page> {
  const refusal = refusalOf(options, request)
  if (refusal !== undefined) return { type: 'text/plain; charset=utf-8', ...refusal }
  return pageFor(view, options.on, request.method ?? 'GET', request.url ?? '/')
}

/**
 * A browser on this machine can reach loopback for any page it shows. Such a request carries an Origin or says that it is
 * cross-site, or, where the page's name was pointed at 127.0.0.1, has that name in Host.
 */
function refusalOf(
  { host, token, on }: AdminOptions,
  { headers, url = '/' }: IncomingMessage,
): { readonly status: number; readonly body: string } | undefined {
  const site = headers['sec-fetch-site']
  if (headers.origin !== undefined || (site !== undefined && site !== 'none')) {
    return { status: 403, body: 'not for pages of a browser\n' }
  }
  if (isLoopback(host) && !isOwnName(headers.host ?? '')) {
    return { status: 421, body: 'call it by its address\n' }
  }
  // Whoever sends requests here may ask whether they are taken.
  if (token === undefined || on === 'readiness' || url === READINESS) return undefined
  if (isSame(/^Bearer (.+)$/i.exec(headers.authorization ?? '')?.[1] ?? '', token)) return undefined
  return { status: 401, body: 'a token is needed: send it as Authorization: Bearer\n' }
}

function isOwnName(authority: string): boolean {
  const name = authority.replace(/:\d*$/, '').replace(/^\[(.*)\]$/, '$1')
  return name.toLowerCase() === 'localhost' || isIP(name) !== 0
}

/** In a time that tells nothing of either. */
function isSame(one: string, other: string): boolean {
  const [a, b] = [one, other].map(text => createHash('sha256').update(text).digest()) as [Buffer, Buffer]
  return timingSafeEqual(a, b)
}

function send(view: AdminView, page: Page, request: IncomingMessage, response: ServerResponse): void {
  request.resume()
  const body = view.redact(page.body)
  response.writeHead(page.status, {
    'content-type': page.type,
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    ...(page.allow !== undefined && { allow: page.allow }),
    // Nobody waits for the end of a body that no page wants.
    ...(!request.complete && { connection: 'close' }),
    ...(page.status === 401 && { 'www-authenticate': 'Bearer' }),
  })
  response.end(request.method === 'HEAD' ? undefined : body)
}

function listen(server: Server, { host, port }: AdminAddress): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        new AgwError(
          'PORT_TAKEN',
          `cannot serve the admin pages on ${host}:${port} (${error.code ?? 'unknown'})`,
          {
            hint: 'name another address with --admin, or turn them off with --admin off',
            cause: error,
          },
        ),
      ),
    )
    server.listen({ host, port }, () => resolve())
  })
}
