import { LOG_LEVELS, type LogLevel } from '../telemetry/log-level.ts'

/** A provider key that the gateway sends. */
export interface KeyInUse {
  readonly name: string
  readonly fingerprint: string
  /** ISO time from which on requests have been getting this key. */
  readonly since: string
  /** ISO time of the last 401 that a provider answered to it. */
  readonly last401: string | undefined
  /** The key before it, which is sent where a provider refuses this one: its fingerprint, while it is kept. */
  readonly former: string | undefined
}

/** How reading everything anew went. */
export interface ReloadOutcome {
  readonly result: 'reloaded' | 'unchanged' | 'rejected'
  /** Why it was rejected, and what to do about it. */
  readonly message?: string
  readonly hint?: string
}

/** What the admin pages show and do. Texts pass the redactor before they are sent. */
export interface AdminView {
  /** Of the process that is the gateway, so that nobody takes another one for it. */
  readonly pid: number
  /** What is still missing before requests are taken; empty when ready. */
  pending(): readonly string[]
  /** The text form of Prometheus. */
  metrics(): Promise<string>
  /** Plain data; secrets in it print as their references. */
  configDump(): unknown
  keys(): readonly KeyInUse[]
  reload(): Promise<ReloadOutcome>
  /** The one at the start. */
  readonly firstLogLevel: LogLevel
  logLevel: LogLevel
  redact(text: string): string
}

/** An answer of the admin server. */
export interface Page {
  readonly status: number
  readonly type: string
  readonly body: string
  /** Methods that the page has, where the one that was used is none of them. */
  readonly allow?: string
}

/** Which pages an address serves. */
export type PageSet = 'admin' | 'stats' | 'readiness'

interface Route {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly on: readonly PageSet[]
  /** For the list of pages. */
  readonly about: string
  readonly page: (view: AdminView, query: URLSearchParams) => Page | Promise<Page>
}

function text(status: number, body: string): Page {
  return { status, type: 'text/plain; charset=utf-8', body }
}

function json(status: number, value: unknown): Page {
  return { status, type: 'application/json', body: `${JSON.stringify(value, null, 2)}\n` }
}

function readiness(view: AdminView): Page {
  const pending = view.pending()
  return pending.length === 0
    ? text(200, 'ready\n')
    : text(500, `not ready, pending: ${pending.join(', ')}\n`)
}

async function metrics(view: AdminView): Promise<Page> {
  return { status: 200, type: 'text/plain; version=0.0.4; charset=utf-8', body: await view.metrics() }
}

/** Nothing is changed by looking at it. */
function logging(view: AdminView, query: URLSearchParams): Page {
  if (query.has('level') || query.has('reset')) return text(400, 'the log level is changed by POST\n')
  return text(200, `current log level is ${view.logLevel}\n`)
}

/** Without a level it tells the one there is; `reset` is back to that of the start. */
function changeLogging(view: AdminView, query: URLSearchParams): Page {
  const asked = query.get('level') ?? (query.has('reset') ? view.firstLogLevel : null)
  const level = LOG_LEVELS.find(one => one === asked)
  if (level !== undefined) view.logLevel = level
  else if (asked !== null) return text(400, `the log level is one of ${LOG_LEVELS.join(', ')}\n`)
  return text(200, `current log level is ${view.logLevel}\n`)
}

async function reload(view: AdminView): Promise<Page> {
  const outcome = await view.reload()
  return json(outcome.result === 'rejected' ? 409 : 200, outcome)
}

/** Wants no token anywhere. */
export const READINESS = '/healthz/ready'

/** Every page; the first that fits answers. Paths are agentgateway's where it has them. */
export const ROUTES: readonly Route[] = [
  {
    method: 'GET',
    path: READINESS,
    on: ['admin', 'readiness'],
    about: 'whether requests are taken',
    page: readiness,
  },
  { method: 'GET', path: '/metrics', on: ['admin', 'stats'], about: 'for Prometheus', page: metrics },
  {
    method: 'GET',
    path: '/stats/prometheus',
    on: ['admin', 'stats'],
    about: 'the same, where agentgateway has it',
    page: metrics,
  },
  {
    method: 'GET',
    path: '/config_dump',
    on: ['admin'],
    about: 'the config that is served, without its secrets',
    page: view => json(200, view.configDump()),
  },
  {
    method: 'GET',
    path: '/keys',
    on: ['admin'],
    about: 'the provider keys in use, by fingerprint',
    page: view => json(200, { pid: view.pid, keys: view.keys() }),
  },
  { method: 'GET', path: '/logging', on: ['admin'], about: 'the level of the access log', page: logging },
  {
    method: 'POST',
    path: '/logging',
    on: ['admin'],
    about: `changes it: ?level=${LOG_LEVELS.join('|')}, or ?reset`,
    page: changeLogging,
  },
  { method: 'POST', path: '/reload', on: ['admin'], about: 'reads config and keys anew', page: reload },
]

function listOf(on: PageSet): string {
  const there = ROUTES.filter(route => route.on.includes(on))
  const width = Math.max(...there.map(route => route.path.length))
  return there
    .map(({ method, path, about }) => `${method.padEnd(4)}  ${path.padEnd(width)}  ${about}\n`)
    .join('')
}

/** The page for a request line. */
export function pageFor(view: AdminView, on: PageSet, method: string, target: string): Page | Promise<Page> {
  const [path = '', query = ''] = target.split('?', 2)
  const wanted = method === 'HEAD' ? 'GET' : method
  const there = ROUTES.filter(route => route.path === path && route.on.includes(on))
  const route = there.find(one => one.method === wanted)
  if (route !== undefined) return route.page(view, new URLSearchParams(query))
  if (there.length > 0) {
    const methods = there.map(one => one.method)
    return { ...text(405, `use ${methods.join(' or ')}\n`), allow: methods.join(', ') }
  }
  if (path === '/' && wanted === 'GET') return text(200, `agw\n\n${listOf(on)}`)
  return text(404, `there is no such page; there are:\n\n${listOf(on)}`)
}
