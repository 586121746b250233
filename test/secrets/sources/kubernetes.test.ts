import { writeFileSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { delimiter, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { gather } from '../../../src/secrets/gather.ts'
import { Secret } from '../../../src/secrets/secret.ts'
import { kubernetesSource } from '../../../src/secrets/sources/kubernetes.ts'
import { makeCertificate } from '../../helpers/tls.ts'
import { tempFolders } from '../folders.ts'
import { contract, problem, said } from './contract.ts'
import { fakeKubernetes } from './fake-kubernetes.ts'
import { entry, kubeconfig, PATH, V1 } from './kubernetes-scene.ts'

const folder = tempFolders()
const FAKE = "a fake of the API's secrets"

contract(
  'kubernetes',
  async () => {
    const { url, state, get, put } = await fakeKubernetes()
    const configDir = folder()
    writeFileSync(join(configDir, 'token'), state.token)
    put(PATH, {})
    return {
      context: { env: { KUBECONFIG: kubeconfig(configDir, url) }, configDir, connections: {} },
      where: key => ({ name: 'agw-keys', key }),
      put: (name, value) => put(PATH, { ...get(PATH), [name]: value }),
      take: name => {
        const { [name]: _, ...rest } = get(PATH)
        put(PATH, rest)
      },
      beforeWrite: action => {
        state.beforeWrite = action
      },
      forbidWrites: () => {
        state.mayWrite = false
      },
    }
  },
  { fake: FAKE },
)

describe(`the source kubernetes, on ${FAKE}`, () => {
  test('several keys of one Secret cost one request; namespaces are the own one, or named', async () => {
    const { url, put, state, seen } = await fakeKubernetes()
    const configDir = folder()
    writeFileSync(join(configDir, 'token'), state.token)
    put(PATH, { A: '1', B: '2\n' })
    put('/api/v1/namespaces/test/secrets/agw-keys', { C: '3' })
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

  test('a Secret that is not there is made; a key that the API does not take is told of, without its value', async () => {
    const { url, get, state } = await fakeKubernetes()
    const configDir = folder()
    writeFileSync(join(configDir, 'token'), state.token)
    const context = { env: { KUBECONFIG: kubeconfig(configDir, url) }, configDir, connections: {} }
    const store = (key: string, value: string) =>
      kubernetesSource.store?.(entry('agw-keys', key), new Secret(value), context)
    expect(await store('A', 'sk-1')).toMatchObject({ changed: true })
    expect(await store('B', 'sk-2')).toMatchObject({ changed: true })
    expect(get(PATH)).toEqual({ A: 'sk-1', B: 'sk-2' })
    await expect(store('not a name', 'sk-canary')).rejects.toMatchObject({
      code: 'WRITE_FAILED',
      message: expect.not.stringContaining('canary'),
    })
    expect(get(PATH)).toEqual({ A: 'sk-1', B: 'sk-2' })
  })

  test('a Secret that is not answered for costs no other its time', async () => {
    const { url, put, state } = await fakeKubernetes()
    const configDir = folder()
    writeFileSync(join(configDir, 'token'), state.token)
    for (const name of ['one', 'three']) put(`/api/v1/namespaces/prod/secrets/${name}`, { [name]: name })
    state.silent = '/api/v1/namespaces/prod/secrets/two'
    const context = { env: { KUBECONFIG: kubeconfig(configDir, url) }, configDir, connections: {} }
    const entries = ['one', 'two', 'three'].map(name => ({ ...entry(name, name), timeoutMs: 1000 }))
    const found = await gather(entries, context)
    expect([...found.values()].map(said)).toEqual(['one', 'timeout', 'three'])
  })

  test('a file of the login that is not there is not taken for a secret that is not', async () => {
    const configDir = folder()
    const env = { KUBECONFIG: kubeconfig(configDir, 'https://127.0.0.1:1') }
    const found = await gather([entry('agw-keys', 'A')], { env, configDir, connections: {} })
    expect([...found.values()].map(said)).toEqual(['not-configured'])
  })

  test('the token is read anew for each batch', async () => {
    const { url, put, state } = await fakeKubernetes()
    const configDir = folder()
    const context = { env: { KUBECONFIG: kubeconfig(configDir, url) }, configDir, connections: {} }
    put(PATH, { A: '1' })
    for (const token of ['pod-token-1', 'pod-token-2', 'pod-token-3']) {
      state.token = token
      writeFileSync(join(configDir, 'token'), token)
      const found = await gather([entry('agw-keys', 'A')], context)
      expect([...found.values()].map(said)).toEqual(['1'])
    }
  })

  test('what is not allowed, not accepted and not there are told apart', async () => {
    const { url, state } = await fakeKubernetes({ strict: true })
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
      'a certificate without its key',
      dir => ({ KUBECONFIG: kubeconfig(dir, 'https://x', '{ client-certificate-data: YQ== }') }),
      /certificate without its key/,
    ],
    [
      'no login',
      dir => ({ KUBECONFIG: kubeconfig(dir, 'https://x', '{ username: a }') }),
      /no login that agw/,
    ],
    [
      'a program of another interface',
      dir => ({ KUBECONFIG: kubeconfig(dir, 'https://x', '{ exec: { command: evil } }') }),
      /login program that agw cannot ask/,
    ],
    [
      'a program that wants a terminal',
      dir => ({
        KUBECONFIG: kubeconfig(
          dir,
          'https://x',
          `{ exec: { command: a, apiVersion: ${V1}, interactiveMode: Always } }`,
        ),
      }),
      /wants a terminal/,
    ],
    [
      'a cluster that is not to be verified',
      dir => ({ KUBECONFIG: kubeconfig(dir, 'https://x", insecure-skip-tls-verify: true, x: "') }),
      /agw always does/,
    ],
    [
      'a cluster behind a proxy',
      dir => ({ KUBECONFIG: kubeconfig(dir, 'https://x", proxy-url: "http://p') }),
      /through a proxy/,
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

  test('a client certificate, within the kubeconfig or in files beside it', async () => {
    const clients = makeCertificate(['me'])
    const { url, put, ca } = await fakeKubernetes({ clients })
    put(PATH, { A: 'sk-by-certificate' })
    const dir = folder()
    for (const [name, text] of Object.entries({
      'me.crt': clients.cert,
      'me.key': clients.key,
      'ca.crt': ca,
    }))
      writeFileSync(join(dir, name), text, { mode: 0o600 })
    const data = (text: string): string => Buffer.from(text).toString('base64')
    const inline = `{ client-certificate-data: ${data(clients.cert)}, client-key-data: ${data(clients.key)} }`
    const files = '{ client-certificate: me.crt, client-key: me.key }'
    for (const [authority, user] of [
      [`", certificate-authority: "ca.crt`, files],
      [`", certificate-authority-data: "${data(ca)}", tls-server-name: "cluster.test`, inline],
    ]) {
      const context = {
        env: { KUBECONFIG: kubeconfig(dir, url + authority, user) },
        configDir: dir,
        connections: {},
      }
      const found = await gather([entry('agw-keys', 'A')], context)
      expect([...found.values()].map(said)).toEqual(['sk-by-certificate'])
    }
    const stranger = makeCertificate(['me'])
    const user = `{ client-certificate-data: ${data(stranger.cert)}, client-key-data: ${data(stranger.key)} }`
    const env = { KUBECONFIG: kubeconfig(dir, `${url}", certificate-authority: "ca.crt`, user) }
    const refused = problem(
      (await gather([entry('agw-keys', 'A')], { env, configDir: dir, connections: {} })).get('A'),
    )
    expect(refused).toMatchObject({ code: 'denied', message: expect.stringMatching(/401/) })
    expect(JSON.stringify(refused)).not.toMatch(/PRIVATE|BEGIN/)
  })

  test('several kubeconfigs are one: context and user may stand in different files', async () => {
    const { url, put, state } = await fakeKubernetes()
    put(PATH, { A: 'sk-1' })
    const [one, two] = [folder(), folder()]
    writeFileSync(
      join(one, 'config'),
      'current-context: here\nusers: [{ name: me, user: { tokenFile: token } }]\n',
    )
    writeFileSync(join(one, 'token'), state.token)
    const env = {
      KUBECONFIG: [join(one, 'config'), join(one, 'nope'), kubeconfig(two, url, '{ token: wrong }')].join(
        delimiter,
      ),
    }
    const found = await gather([entry('agw-keys', 'A')], { env, configDir: two, connections: {} })
    expect([...found.values()].map(said)).toEqual(['sk-1'])
  })
})
