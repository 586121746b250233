import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { gather } from '../../../src/secrets/gather.ts'
import { Logins } from '../../../src/secrets/logins.ts'
import { Secret } from '../../../src/secrets/secret.ts'
import { kubernetesSource } from '../../../src/secrets/sources/kubernetes.ts'
import { isWindows, tempFolders } from '../folders.ts'
import { problem, said } from './contract.ts'
import { fakeKubernetes } from './fake-kubernetes.ts'
import { entry, kubeconfig, PATH, V1 } from './kubernetes-scene.ts'

const folder = tempFolders()

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
