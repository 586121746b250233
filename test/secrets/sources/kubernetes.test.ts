import { writeFileSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { gather } from '../../../src/secrets/gather.ts'
import { kubernetesSource } from '../../../src/secrets/sources/kubernetes.ts'
import { makeCertificate } from '../../helpers/tls.ts'
import { tempFolders } from '../folders.ts'
import { contract, problem, said } from './contract.ts'
import { fakeServer } from './fake-server.ts'

const folder = tempFolders()
const FAKE = "a fake of the API's secrets"

/** Answers as a kube-apiserver does to a token that may read single Secrets: what is missing is 403 as well. */
async function cluster({ strict = false } = {}) {
  const secrets = new Map<string, Record<string, string>>()
  const state = { token: 'pod-token-1' }
  const status = (code: number, reason: string) => ({
    status: code,
    json: { kind: 'Status', status: 'Failure', reason, code },
  })
  const server = await fakeServer(({ url, headers }) => {
    if (headers.authorization !== `Bearer ${state.token}`) return status(401, 'Unauthorized')
    if (url === '/version') return { status: 200, json: { major: '1', minor: '32' } }
    const found = secrets.get(url)
    if (found === undefined) return strict ? status(403, 'Forbidden') : status(404, 'NotFound')
    const data = Object.fromEntries(
      Object.entries(found).map(([key, value]) => [key, Buffer.from(value).toString('base64')]),
    )
    return { status: 200, json: { apiVersion: 'v1', kind: 'Secret', data, type: 'Opaque' } }
  })
  return { ...server, secrets, state }
}

/** A kubeconfig with a token in a file beside it, which is replaced while the process runs. */
function kubeconfig(dir: string, server: string, user = '{ tokenFile: token }'): string {
  const file = join(dir, 'kubeconfig')
  writeFileSync(
    file,
    `apiVersion: v1
kind: Config
current-context: here
contexts:
- name: here
  context: { cluster: one, user: me, namespace: prod }
- name: other
  context: { cluster: one, user: me }
clusters:
- name: one
  cluster: { server: "${server}" }
users:
- name: me
  user: ${user}
`,
  )
  return file
}

const PATH = '/api/v1/namespaces/prod/secrets/agw-keys'

contract(
  'kubernetes',
  async () => {
    const { url, secrets, state } = await cluster()
    const configDir = folder()
    writeFileSync(join(configDir, 'token'), state.token)
    return {
      context: { env: { KUBECONFIG: kubeconfig(configDir, url) }, configDir, connections: {} },
      where: key => ({ name: 'agw-keys', key }),
      put: (name, value) => void secrets.set(PATH, { ...secrets.get(PATH), [name]: value }),
      take: name => {
        const { [name]: _, ...rest } = secrets.get(PATH) ?? {}
        secrets.set(PATH, rest)
      },
    }
  },
  { fake: FAKE },
)

describe(`the source kubernetes, on ${FAKE}`, () => {
  const entry = (name: string, key: string, namespace?: string) =>
    ({
      variable: key,
      kind: 'kubernetes',
      where: { name, key, ...(namespace && { namespace }) },
      refreshMs: undefined,
      timeoutMs: 2000,
    }) as const

  test('several keys of one Secret cost one request; namespaces are the own one, or named', async () => {
    const { url, secrets, state, seen } = await cluster()
    const configDir = folder()
    writeFileSync(join(configDir, 'token'), state.token)
    secrets.set(PATH, { A: '1', B: '2\n' })
    secrets.set('/api/v1/namespaces/test/secrets/agw-keys', { C: '3' })
    const context = { env: { KUBECONFIG: kubeconfig(configDir, url) }, configDir, connections: {} }
    const entries = [entry('agw-keys', 'A'), entry('agw-keys', 'B'), entry('agw-keys', 'C', 'test')]
    const found = await gather(entries, context)
    expect([...found.values()].map(said)).toEqual(['1', '2', '3'])
    expect(seen.length).toBe(2)
  })

  test('inside a pod: the service account, its namespace, and its authority alone', async () => {
    const { ca, cert, key } = makeCertificate(['127.0.0.1'])
    const server = createServer({ cert, key }, (request, response) => {
      const good = request.headers.authorization === 'Bearer pod-token' && request.url === PATH
      response
        .writeHead(good ? 200 : 401)
        .end(JSON.stringify({ kind: 'Secret', data: { A: Buffer.from('sk-pod').toString('base64') } }))
    }).listen(0, '127.0.0.1')
    await new Promise(resolve => server.once('listening', resolve))
    const mount = folder()
    const files = { token: 'pod-token\n', 'ca.crt': ca, namespace: 'prod' }
    for (const [name, text] of Object.entries(files)) writeFileSync(join(mount, name), text)
    const env = {
      KUBERNETES_SERVICE_HOST: '127.0.0.1',
      KUBERNETES_SERVICE_PORT: String((server.address() as AddressInfo).port),
      AGW_KUBERNETES_DIR: mount,
    }
    const context = { env, configDir: '/', connections: {} }
    expect(said((await gather([entry('agw-keys', 'A')], context)).get('A') as never)).toBe('sk-pod')
    writeFileSync(join(mount, 'ca.crt'), makeCertificate(['127.0.0.1']).ca)
    const wrong = problem((await gather([entry('agw-keys', 'A')], context)).get('A'))
    expect(wrong).toMatchObject({ code: 'unreachable', message: expect.stringMatching(/certificate/) })
    server.close()
  })

  test('the token is read anew for each batch', async () => {
    const { url, secrets, state } = await cluster()
    const configDir = folder()
    const context = { env: { KUBECONFIG: kubeconfig(configDir, url) }, configDir, connections: {} }
    secrets.set(PATH, { A: '1' })
    for (const token of ['pod-token-1', 'pod-token-2', 'pod-token-3']) {
      state.token = token
      writeFileSync(join(configDir, 'token'), token)
      const found = await gather([entry('agw-keys', 'A')], context)
      expect([...found.values()].map(said)).toEqual(['1'])
    }
  })

  test('what is not allowed, not accepted and not there are told apart', async () => {
    const { url, state } = await cluster({ strict: true })
    const configDir = folder()
    const context = { env: { KUBECONFIG: kubeconfig(configDir, url) }, configDir, connections: {} }
    writeFileSync(join(configDir, 'token'), state.token)
    const forbidden = problem((await gather([entry('agw-keys', 'A')], context)).get('A'))
    expect(forbidden).toMatchObject({
      code: 'denied',
      message: expect.stringMatching(/403/),
      hint: expect.stringMatching(/not there/),
    })
    writeFileSync(join(configDir, 'token'), 'expired-canary')
    const unknown = problem((await gather([entry('agw-keys', 'A')], context)).get('A'))
    expect(unknown).toMatchObject({ code: 'denied', message: expect.stringMatching(/401/) })
    expect(JSON.stringify(unknown)).not.toContain('canary')
  })

  test.each<[string, (dir: string) => Record<string, string>, RegExp]>([
    ['neither pod nor kubeconfig', dir => ({ HOME: dir }), /this is no pod/],
    [
      'a login by certificate',
      dir => ({ KUBECONFIG: kubeconfig(dir, 'https://x', '{ client-certificate: a }') }),
      /tokens only/,
    ],
    [
      'a login by program',
      dir => ({ KUBECONFIG: kubeconfig(dir, 'https://x', '{ exec: { command: evil } }') }),
      /tokens only/,
    ],
    [
      'a pod without a token',
      dir => ({ KUBERNETES_SERVICE_HOST: '10.0.0.1', AGW_KUBERNETES_DIR: dir }),
      /token does not exist/,
    ],
  ])('says what is missing: %s', async (_, env, message) => {
    const configDir = folder()
    const context = { env: env(configDir), configDir, connections: {} }
    const found = problem((await gather([entry('agw-keys', 'A')], context)).get('A'))
    expect(found).toMatchObject({ code: 'not-configured', message: expect.stringMatching(message) })
    expect(await kubernetesSource.probe?.(context)).toMatchObject({ ok: false })
  })
})
