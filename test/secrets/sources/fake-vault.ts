import { fakeServer, type Said, type Seen } from './fake-server.ts'

/**
 * A stand-in for Vault and OpenBao, after their published HTTP interface: a KV 2 engine at `secret`, a KV 1 engine at
 * `kv`, three logins. Neither program can be installed where these tests run.
 */
export async function fakeVault() {
  const kv2 = new Map<string, (Record<string, unknown> | undefined)[]>()
  const kv1 = new Map<string, Record<string, unknown>>()
  const state = {
    token: 'hvs.test-token',
    sealed: false,
    forbidden: new Set<string>(),
    forbidsWrites: false,
    /** Done once, when the next write has come and is not looked at yet. */
    beforeWrite: undefined as (() => void) | undefined,
    namespace: '',
    /** Seconds; what tokens are said to have left. */
    ttl: 3600,
    renewable: true,
    /** Logins are answered when it is over. */
    beforeLogin: undefined as Promise<void> | undefined,
  }
  /** Tokens of logins that have not ended. */
  const live = new Set<string>()
  let logged = 0
  const logins: Record<string, (body: Record<string, string>) => boolean> = {
    '/v1/auth/approle/login': body => body['role_id'] === 'agw' && body['secret_id'] === 'sid',
    '/v1/auth/kubernetes/login': body => body['role'] === 'agw' && body['jwt'] === 'pod-token',
    '/v1/auth/my-jwt/login': body => body['role'] === 'agw' && body['jwt'] === 'ci-token',
  }
  const auth = (client_token: string): Said => {
    const { ttl: lease_duration, renewable } = state
    return { status: 200, json: { auth: { client_token, lease_duration, renewable } } }
  }
  const errors = (status: number, ...words: string[]): Said => ({ status, json: { errors: words } })

  const { url, seen } = await fakeServer(async request => {
    const { pathname, searchParams } = new URL(request.url, 'http://x')
    if (state.sealed) return errors(503, 'Vault is sealed')
    if ((request.headers['x-vault-namespace'] ?? '') !== state.namespace)
      return errors(403, 'permission denied')
    if (request.headers['x-vault-request'] !== 'true')
      return errors(400, 'missing required X-Vault-Request header')
    const login = logins[pathname]
    if (login !== undefined) {
      await state.beforeLogin
      const good = request.method === 'POST' && login(JSON.parse(request.body))
      if (!good) return errors(400, 'invalid role or secret ID')
      logged += 1
      live.add(`hvs.login-${logged}`)
      return auth(`hvs.login-${logged}`)
    }
    const token = String(request.headers['x-vault-token'])
    if (token !== state.token && !live.has(token)) return errors(403, 'permission denied')
    const { ttl, renewable } = state
    if (pathname === '/v1/auth/token/lookup-self') return { status: 200, json: { data: { ttl, renewable } } }
    if (pathname === '/v1/auth/token/renew-self')
      return request.method === 'POST' && renewable ? auth(token) : errors(400, 'token is not renewable')
    if (state.forbidden.has(pathname)) return errors(403, '1 error occurred:\n\t* permission denied\n\n')
    if (pathname.startsWith('/v1/sys/internal/ui/mounts/')) return mountOf(pathname)
    if (request.method !== 'GET') {
      state.beforeWrite?.()
      state.beforeWrite = undefined
      if (state.forbidsWrites) return errors(403, '1 error occurred:\n\t* permission denied\n\n')
      return request.method === 'DELETE' ? drop(pathname) : write(pathname, JSON.parse(request.body))
    }
    return readSecret(pathname, searchParams.get('version'))
  })

  function mountOf(pathname: string): Said {
    const mount = pathname.split('/')[6]
    const version = { secret: '2', kv: '1' }[mount ?? '']
    if (version === undefined) return errors(403, 'preflight capability check returned 403')
    return { status: 200, json: { data: { path: `${mount}/`, type: 'kv', options: { version } } } }
  }

  function write(pathname: string, body: Record<string, unknown>): Said {
    const [, mount, ...rest] = decodeURIComponent(pathname).slice(1).split('/')
    if (mount === 'kv') {
      kv1.set(rest.join('/'), body)
      return { status: 204 }
    }
    if (mount !== 'secret' || rest[0] !== 'data') return errors(404)
    const path = rest.slice(1).join('/')
    const versions = kv2.get(path) ?? []
    const { options, data } = body as { options?: { cas?: number }; data?: Record<string, unknown> }
    if (data === undefined) return errors(400, 'no data provided')
    if (options?.cas !== undefined && options.cas !== versions.length)
      return errors(400, 'check-and-set parameter did not match the current version')
    kv2.set(path, [...versions, data])
    return {
      status: 200,
      json: { data: { version: versions.length + 1, deletion_time: '', destroyed: false } },
    }
  }

  function drop(pathname: string): Said {
    const [, mount, ...rest] = decodeURIComponent(pathname).slice(1).split('/')
    if (mount === 'kv') kv1.delete(rest.join('/'))
    else {
      const path = rest.slice(1).join('/')
      kv2.set(path, (kv2.get(path) ?? []).with(-1, undefined))
    }
    return { status: 204 }
  }

  function readSecret(pathname: string, version: string | null): Said {
    const [, mount, ...rest] = decodeURIComponent(pathname).slice(1).split('/')
    if (mount === 'kv') {
      const found = kv1.get(rest.join('/'))
      return found === undefined
        ? errors(404)
        : { status: 200, json: { data: found, lease_duration: 2764800 } }
    }
    if (mount !== 'secret' || rest[0] !== 'data')
      return { status: 404, json: { errors: [], warnings: ['Invalid path'] } }
    const versions = kv2.get(rest.slice(1).join('/')) ?? []
    const number = version === null ? versions.length : Number(version)
    if (versions.length === 0 || number > versions.length) return errors(404)
    const data = versions[number - 1]
    const metadata = {
      version: number,
      deletion_time: data === undefined ? '2026-11-26T00:00:00Z' : '',
      destroyed: false,
    }
    return { status: data === undefined ? 404 : 200, json: { data: { data: data ?? null, metadata } } }
  }

  return {
    url,
    seen: seen as readonly Seen[],
    state,
    /** Every token of a login has ended. */
    endLogins: () => live.clear(),
    /** A new version of a KV 2 secret; undefined deletes the newest. */
    put(path: string, data: Record<string, unknown> | undefined): void {
      kv2.set(path, [...(kv2.get(path) ?? []), data])
    },
    newest: (path: string) => kv2.get(path)?.at(-1),
    newestOld: (path: string) => kv1.get(path),
    putOld(path: string, data: Record<string, unknown>): void {
      kv1.set(path, data)
    },
  }
}
