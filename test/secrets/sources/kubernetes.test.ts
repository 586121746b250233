import { readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { delimiter, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { gather } from '../../../src/secrets/gather.ts'
import { Logins } from '../../../src/secrets/logins.ts'
import { Secret } from '../../../src/secrets/secret.ts'
import { kubernetesSource } from '../../../src/secrets/sources/kubernetes.ts'
import { makeCertificate } from '../../helpers/tls.ts'
import { isWindows, tempFolders } from '../folders.ts'
import { contract, problem, said } from './contract.ts'
import { fakeKubernetes } from './fake-kubernetes.ts'

const folder = tempFolders()
const FAKE = "a fake of the API's secrets"

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

const V1 = 'client.authentication.k8s.io/v1'
const PATH = '/api/v1/namespaces/prod/secrets/agw-keys'

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
  const entry = (name: string, key: string, namespace?: string) =>
    ({
      variable: key,
      kind: 'kubernetes',
      where: { name, key, ...(namespace && { namespace }) },
      refreshMs: undefined,
      timeoutMs: 2000,
    }) as const

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

  describe.skipIf(isWindows)('a login program', () => {
    /** Prints what is in `credential`, and writes down how it was run. */
    const PROGRAM = `#!${process.execPath}
const fs = require('node:fs')
const seen = { argv: process.argv.slice(2), env: Object.keys(process.env).sort(), info: JSON.parse(process.env.KUBERNETES_EXEC_INFO) }
fs.appendFileSync(__dirname + '/calls', JSON.stringify(seen) + '\\n')
process.stderr.write('canary-on-stderr')
process.stdout.write(fs.readFileSync(__dirname + '/credential'))
process.exit(fs.existsSync(__dirname + '/status') ? 3 : 0)
`
    const credential = (status: object): string =>
      JSON.stringify({ apiVersion: V1, kind: 'ExecCredential', status })

    async function prepared() {
      const cluster = await fakeKubernetes()
      cluster.put(PATH, { A: 'sk-by-program' })
      const dir = folder()
      writeFileSync(join(dir, 'login'), PROGRAM, { mode: 0o755 })
      const say = (text: string): void => writeFileSync(join(dir, 'credential'), text)
      say(credential({ token: cluster.state.token }))
      const user = `{ exec: { apiVersion: ${V1}, command: ./login, args: [get, $HOME, "a b"], env: [{ name: MINE, value: "1" }] } }`
      const env = {
        KUBECONFIG: kubeconfig(dir, cluster.url, user),
        PATH: process.env['PATH'],
        AWS_PROFILE: 'p',
        OPENAI_API_KEY: 'sk-canary',
        GOOGLE_API_KEY: 'sk-canary',
        AZURE_OPENAI_API_KEY: 'sk-canary',
        AZURE_OPENAI_KEY: 'sk-canary',
        AWS_BEARER_TOKEN_BEDROCK: 'sk-canary',
      }
      const calls = () =>
        readFileSync(join(dir, 'calls'), 'utf8')
          .trim()
          .split('\n')
          .map(line => JSON.parse(line))
      return { cluster, dir, say, calls, context: { env, configDir: dir, connections: {} } }
    }

    test('is run without a shell, with a small environment, and its token is used', async () => {
      const { calls, context } = await prepared()
      const found = await gather([entry('agw-keys', 'A')], context)
      expect([...found.values()].map(said)).toEqual(['sk-by-program'])
      expect(calls()).toEqual([
        {
          argv: ['get', '$HOME', 'a b'],
          env: ['AWS_PROFILE', 'KUBECONFIG', 'KUBERNETES_EXEC_INFO', 'MINE', 'PATH'],
          info: { apiVersion: V1, kind: 'ExecCredential', spec: { interactive: false } },
        },
      ])
    })

    test('is asked again when its token has ended, or is refused, and not before', async () => {
      using logins = new Logins()
      const { cluster, say, calls, context } = await prepared()
      const read = async () =>
        said((await gather([entry('agw-keys', 'A')], { ...context, logins })).get('A') as never)
      for (const _ of [1, 2, 3]) expect(await read()).toBe('sk-by-program')
      expect(calls().length).toBe(1)
      cluster.state.token = 'another'
      say(credential({ token: 'another', expirationTimestamp: new Date(Date.now() - 1000).toISOString() }))
      expect(await read()).toBe('sk-by-program')
      expect(calls().length).toBe(2)
      expect(await read()).toBe('sk-by-program')
      expect(calls().length).toBe(3)
    })

    test('is asked once for all Secrets that were refused with the same token', async () => {
      using logins = new Logins()
      const { cluster, say, calls, context } = await prepared()
      const names = ['a', 'b', 'c', 'd', 'e']
      for (const name of names) cluster.put(`/api/v1/namespaces/prod/secrets/${name}`, { [name]: name })
      const entries = names.map(name => entry(name, name))
      const read = async () => [...(await gather(entries, { ...context, logins })).values()].map(said)
      expect(await read()).toEqual(names)
      cluster.state.token = 'another'
      say(credential({ token: 'another' }))
      expect(await read()).toEqual(names)
      expect(calls().length).toBe(2)
    })

    test('whose token was refused is asked again for a write too, which is made once', async () => {
      using logins = new Logins()
      const { cluster, say, context } = await prepared()
      await gather([entry('agw-keys', 'A')], { ...context, logins })
      cluster.state.token = 'another'
      say(credential({ token: 'another' }))
      const one = entry('agw-keys', 'A')
      await kubernetesSource.store?.(one, new Secret('sk-new'), { ...context, logins })
      expect(cluster.get(PATH)).toEqual({ A: 'sk-new' })
    })

    test.each<[string, string, boolean, RegExp]>([
      ['prints something else', 'canary', false, /printed no ExecCredential/],
      ['gives no login', credential({}), false, /printed no ExecCredential/],
      ['fails', 'canary', true, /ended with status 3/],
      ['prints too much', 'canary'.repeat(20_000), false, /printed too much/],
    ])('one that %s is told without a word of it', async (_, text, fails, message) => {
      const { dir, say, context } = await prepared()
      say(text)
      if (fails) writeFileSync(join(dir, 'status'), '')
      const found = problem((await gather([entry('agw-keys', 'A')], context)).get('A'))
      expect(found.message).toMatch(message)
      expect(JSON.stringify(found)).not.toContain('canary')
    })
  })
})
