import { createVerify, generateKeyPairSync } from 'node:crypto'
import { fakeServer, type Said } from './fake-server.ts'

/** Google's Secret Manager and token service, as their REST reference has them. */
export async function fakeGoogle() {
  const secrets = new Map<string, string>()
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const error = (status: number, word: string): Said => ({
    status,
    json: { error: { code: status, status: word } },
  })
  const state = { token: 'ya29.test', disabled: false, forbidsWrites: false }
  const destroyed = new Set<string>()
  const made = new Set<string>()
  const write = (url: string, body: string): Said => {
    const [, path = '', action] = /^(\/v1\/[^:?]+)(.*)$/.exec(url) ?? []
    if (action === ':destroy') {
      secrets.delete(`${path}:access`)
      destroyed.add(path)
    } else if (action === ':addVersion') {
      const latest = `${path}/versions/latest`
      if (!made.has(path) && !secrets.has(`${latest}:access`) && !destroyed.has(latest))
        return error(404, 'NOT_FOUND')
      destroyed.delete(latest)
      secrets.set(`${latest}:access`, Buffer.from(JSON.parse(body).payload.data, 'base64').toString('utf8'))
    } else if (action?.startsWith('?secretId=') && JSON.parse(body).replication?.automatic !== undefined) {
      made.add(`${path}/${action.slice('?secretId='.length)}`)
    } else return error(400, 'INVALID_ARGUMENT')
    return { status: 200, json: {} }
  }
  const server = await fakeServer(({ url, headers, body, method }) => {
    if (url.startsWith('/computeMetadata/')) {
      return headers['metadata-flavor'] === 'Google'
        ? { status: 200, json: { access_token: state.token } }
        : { status: 403 }
    }
    if (url === '/token' && method === 'POST') {
      const [head, claims, signature = ''] = new URLSearchParams(body).get('assertion')?.split('.') ?? []
      const good = createVerify('RSA-SHA256')
        .update(`${head}.${claims}`)
        .verify(publicKey, signature, 'base64url')
      return good ? { status: 200, json: { access_token: state.token } } : error(400, 'invalid_grant')
    }
    if (headers.authorization !== `Bearer ${state.token}`) return error(401, 'UNAUTHENTICATED')
    if (method === 'POST') return state.forbidsWrites ? error(403, 'PERMISSION_DENIED') : write(url, body)
    if (url.endsWith('/versions/latest')) {
      const secret = secrets.get(`${url}:access`)
      if (secret === undefined && !destroyed.has(url)) return error(404, 'NOT_FOUND')
      return {
        status: 200,
        json: { name: url.slice(4), state: secret === undefined ? 'DESTROYED' : 'ENABLED' },
      }
    }
    if (state.disabled || destroyed.has(url.replace(':access', ''))) return error(400, 'FAILED_PRECONDITION')
    const value = secrets.get(url)
    if (value === undefined) return error(404, 'NOT_FOUND')
    return { status: 200, json: { name: url, payload: { data: Buffer.from(value).toString('base64') } } }
  })
  const account = (over: object = {}): string =>
    JSON.stringify({
      type: 'service_account',
      client_email: 'agw@p.iam.gserviceaccount.com',
      private_key_id: 'k1',
      private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }),
      token_uri: `${server.url}/token`,
      ...over,
    })
  return { ...server, secrets, state, account }
}

/** Where the fake has a version of a secret. */
export const access = (project: string, secret: string, version = 'latest') =>
  `/v1/projects/${project}/secrets/${secret}/versions/${version}:access`

/** Azure's Key Vault and token service, as their REST reference has them. */
export async function fakeAzure() {
  const secrets = new Map<string, string>()
  const state = { token: 'eyJ.azure', clientSecret: 'cs', forbidsWrites: false }
  const deleted = new Set<string>()
  const given = new Map<string, object>()
  const error = (status: number, code: string): Said => ({ status, json: { error: { code } } })
  const server = await fakeServer(({ url, headers, body, method }) => {
    const { pathname, searchParams } = new URL(url, 'http://x')
    if (pathname === '/tenant/oauth2/v2.0/token') {
      const form = new URLSearchParams(body)
      const proof =
        form.get('client_secret') === state.clientSecret || form.get('client_assertion') === 'federated'
      const good =
        proof && form.get('client_id') === 'agw' && form.get('scope') === 'https://vault.azure.net/.default'
      return good ? { status: 200, json: { access_token: state.token } } : error(401, 'invalid_client')
    }
    if (pathname === '/msi') {
      const good =
        headers['x-identity-header'] === 'ih' && searchParams.get('resource') === 'https://vault.azure.net'
      return good ? { status: 200, json: { access_token: state.token } } : error(400, 'bad_request')
    }
    if (searchParams.get('api-version') === null) return error(400, 'BadParameter')
    if (headers.authorization !== `Bearer ${state.token}`) return error(401, 'Unauthorized')
    if (method !== 'GET' && state.forbidsWrites) return error(403, 'Forbidden')
    if (method === 'PUT') {
      if (deleted.has(pathname)) return error(409, 'Conflict')
      const { value: next, ...others } = JSON.parse(body)
      secrets.set(pathname, next)
      given.set(pathname, others)
    }
    const value = secrets.get(pathname)
    if (method === 'DELETE' && secrets.delete(pathname)) deleted.add(pathname)
    return value === undefined
      ? error(404, 'SecretNotFound')
      : { status: 200, json: { value, id: pathname, ...given.get(pathname) } }
  })
  return { ...server, secrets, state, given }
}
