import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { startMock } from '../../src/mock/index.ts'
import { encryptAge, newIdentity, recipientOf } from '../../src/secrets/age.ts'
import { fingerprint, Secret } from '../../src/secrets/secret.ts'
import { start, tempFolder } from '../helpers/agw.ts'
import { freePort } from '../helpers/free-port.ts'
import { keyLike } from '../helpers/keys.ts'
import { unless } from '../helpers/needs.ts'
import { fakeServer } from '../secrets/sources/fake-server.ts'
import { fakeVault } from '../secrets/sources/fake-vault.ts'
import { noKeyring, startKeyring } from '../secrets/sources/keyring-daemon.ts'
import { writeSops } from '../secrets/sources/sops-writer.ts'

const ROTATIONS = 10
const CONNECTIONS = 32

/** A source with one value in it that can be exchanged. */
interface Turning {
  /** What agw.yaml says of it. */
  readonly entry: string
  readonly sources?: string
  readonly env?: Readonly<Record<string, string>>
  /** Exchanges the value. */
  turn(value: string): void | Promise<void>
  /** A source that cannot be watched is asked again on SIGHUP, so that ten rates need not be waited for. */
  readonly hangup?: boolean
  end?(): Promise<void>
}

const put = (file: string, text: string | Uint8Array): void => {
  writeFileSync(`${file}.new`, text, { mode: 0o600 })
  renameSync(`${file}.new`, file)
}

const TURNING: Record<string, (folder: string) => Turning | Promise<Turning>> = {
  file: folder => ({ entry: '{ file: a.key }', turn: value => put(join(folder, 'a.key'), value) }),
  dotenv: folder => ({
    entry: '{ dotenv: { file: keys.env } }',
    turn: value => put(join(folder, 'keys.env'), `A_KEY=${value}\n`),
  }),
  credential: folder => {
    mkdirSync(join(folder, 'credentials'))
    return {
      entry: '{ credential: openai }',
      env: { CREDENTIALS_DIRECTORY: join(folder, 'credentials') },
      turn: value => put(join(folder, 'credentials', 'openai'), value),
    }
  },
  encrypted: async folder => {
    const identity = await newIdentity()
    put(join(folder, 'identity.txt'), identity)
    const recipient = await recipientOf(new Secret(identity))
    return {
      entry: '{ encrypted: secrets.age }',
      sources: '{ encrypted: { identity: { file: identity.txt } } }',
      turn: async value =>
        put(join(folder, 'secrets.age'), await encryptAge(Buffer.from(`A_KEY=${value}\n`), [recipient])),
    }
  },
  sops: async folder => {
    const identity = await newIdentity()
    const recipients = [await recipientOf(new Secret(identity))]
    return {
      entry: '{ sops: { file: s.yaml, path: openai.key } }',
      env: { SOPS_AGE_KEY: identity },
      turn: async value =>
        put(join(folder, 's.yaml'), await writeSops({ openai: { key: value } }, { recipients })),
    }
  },
  exec: folder => ({
    entry: '{ exec: [cat, a.key], refresh: 1h }',
    hangup: true,
    turn: value => put(join(folder, 'a.key'), value),
  }),
  'vault (a fake)': async () => {
    const vault = await fakeVault()
    return {
      entry: '{ vault: { path: secret/data/llm, field: key } }',
      sources: `{ vault: { address: "${vault.url}" } }`,
      env: { VAULT_TOKEN: vault.state.token },
      hangup: true,
      turn: value => vault.put('llm', { key: value }),
    }
  },
  'kubernetes (a fake)': async folder => {
    let data = ''
    const { url } = await fakeServer(() => ({ status: 200, json: { kind: 'Secret', data: { key: data } } }))
    const one = {
      name: 'x',
      context: { cluster: 'x', user: 'x' },
      cluster: { server: url },
      user: { token: 't' },
    }
    const config = { 'current-context': 'x', contexts: [one], clusters: [one], users: [one] }
    put(join(folder, 'kubeconfig'), JSON.stringify(config))
    return {
      entry: '{ kubernetes: { name: keys, key: key } }',
      sources: '{ kubernetes: { kubeconfig: kubeconfig } }',
      hangup: true,
      turn: value => {
        data = Buffer.from(value).toString('base64')
      },
    }
  },
  'gcp (a fake)': async () => {
    let data = ''
    const { url } = await fakeServer(() => ({ status: 200, json: { payload: { data } } }))
    return {
      entry: '{ gcp: { project: p, secret: s } }',
      sources: `{ gcp: { endpoint: "${url}" } }`,
      env: { GOOGLE_OAUTH_ACCESS_TOKEN: 't' },
      hangup: true,
      turn: value => {
        data = Buffer.from(value).toString('base64')
      },
    }
  },
  'azure (a fake)': async () => {
    let current = ''
    const { url } = await fakeServer(({ method }) => ({
      status: 200,
      json: method === 'POST' ? { access_token: 't' } : { value: current },
    }))
    return {
      entry: '{ azure: { vault: my-vault, secret: s } }',
      sources: `{ azure: { endpoint: "${url}" } }`,
      env: {
        AZURE_TENANT_ID: 't',
        AZURE_CLIENT_ID: 'c',
        AZURE_CLIENT_SECRET: 's',
        AZURE_AUTHORITY_HOST: url,
      },
      hangup: true,
      turn: value => {
        current = value
      },
    }
  },
  'op (a stand-in)': folder => {
    mkdirSync(join(folder, 'bin'))
    writeFileSync(join(folder, 'bin', 'op'), '#!/bin/sh\ncat a.key\n')
    chmodSync(join(folder, 'bin', 'op'), 0o755)
    return {
      entry: '{ op: "op://dev/openai/key" }',
      env: { PATH: `${join(folder, 'bin')}:${process.env['PATH']}` },
      hangup: true,
      turn: value => put(join(folder, 'a.key'), value),
    }
  },
  ...(noKeyring === undefined && {
    keychain: async (folder: string) => {
      mkdirSync(join(folder, 'bus'))
      const keyring = await startKeyring(join(folder, 'bus'), folder)
      const { env } = keyring
      return {
        entry: '{ keychain: { account: openai } }',
        env: { DBUS_SESSION_BUS_ADDRESS: env['DBUS_SESSION_BUS_ADDRESS'] ?? '' },
        hangup: true,
        turn: (value: string) => {
          const names = ['service', 'agw', 'username', 'openai', 'target', 'default']
          execFileSync('secret-tool', ['store', '--label=agw', ...names], { env, input: value })
        },
        end: () => keyring.stop(),
      }
    },
  }),
}

describe('ten rotations of a source under 32 connections: no failed request', () => {
  if (noKeyring !== undefined) it(`keychain${unless(noKeyring)}`, context => context.skip())

  it.each(Object.entries(TURNING))('%s', async (_, make) => {
    const folder = await tempFolder()
    const keys = Array.from({ length: ROTATIONS + 1 }, (_, index) => keyLike('openai', `turn ${index}`))
    const mock = await startMock({ keys })
    const port = await freePort()
    const { entry, sources, env, turn, hangup, end } = await make(folder)
    await turn(keys[0] ?? '')
    put(
      join(folder, 'config.yaml'),
      `llm:\n  port: ${port}\n  models:\n  - name: m\n    provider: openAI\n    params:\n      apiKey: "$A_KEY"\n      hostOverride: "127.0.0.1:${mock.port}"\n`,
    )
    put(
      join(folder, 'agw.yaml'),
      `secrets:\n  A_KEY: ${entry}\n${sources === undefined ? '' : `sources: ${sources}\n`}`,
    )
    const gateway = start(['serve', '--json', '--log-level', 'off', '--admin', 'off'], {
      cwd: folder,
      env: { AGW_TRUST: '1', ...env },
    })
    await gateway.until('"ready"')

    const load = startLoad(port)
    for (const key of keys.slice(1)) {
      await turn(key)
      if (hangup) gateway.child.kill('SIGHUP')
      await gateway.until(`"to":"${fingerprint(key)}"`)
      await load.more(CONNECTIONS)
    }
    const { done, failed } = await load.stop()
    expect(await gateway.stop()).toBe(0)
    await mock.close()
    await end?.()
    expect(failed).toEqual([])
    expect(done).toBeGreaterThan(ROTATIONS * CONNECTIONS)
    expect(gateway.stdout()).not.toMatch(/source-failed|reload-rejected/)
  })
})

/** Requests on 32 connections, one after the other on each, until it is stopped. */
function startLoad(port: number) {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS })
  const failed: string[] = []
  let done = 0
  let stopped = false
  const body = JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'x' }] })
  const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }
  const one = (): Promise<void> =>
    new Promise(resolve => {
      const fail = (error: Error): void => {
        failed.push(error.message)
        resolve()
      }
      const sent = request({ port, path: '/v1/chat/completions', method: 'POST', agent, headers }, answer => {
        if (answer.statusCode !== 200) failed.push(`status ${answer.statusCode}`)
        answer.on('end', resolve).on('error', fail).resume()
      })
      sent.on('error', fail).end(body)
    })
  const workers = Array.from({ length: CONNECTIONS }, async () => {
    while (!stopped) {
      await one()
      done += 1
    }
  })
  return {
    /** Waits until so many more have been answered. */
    more: async (count: number) => {
      const reached = done + count
      while (done < reached) await new Promise(resolve => setTimeout(resolve, 5))
    },
    stop: async () => {
      stopped = true
      await Promise.all(workers)
      agent.destroy()
      return { done, failed }
    },
  }
}
