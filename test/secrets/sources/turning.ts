import { execFileSync } from 'node:child_process'
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { SourceKind } from '../../../src/config/agw/places.ts'
import { encryptAge, newIdentity, recipientOf } from '../../../src/secrets/age.ts'
import { Secret } from '../../../src/secrets/secret.ts'
import { fakeKubernetes } from './fake-kubernetes.ts'
import { fakeServer } from './fake-server.ts'
import { fakeVault } from './fake-vault.ts'
import { noKeyring, startKeyring } from './keyring-daemon.ts'
import { LOGIN, noMoto, startMoto } from './moto.ts'
import { noPass, passwordStore } from './password-store.ts'
import { writeSops } from './sops-writer.ts'

/** A source with one value in it that can be exchanged. */
export interface Turning {
  /** What agw.yaml says of it. */
  readonly entry: string
  readonly sources?: string
  readonly env?: Readonly<Record<string, string>>
  /** Exchanges the value. */
  turn(value: string): void | Promise<void>
  /** Takes the value away. */
  take(): void | Promise<void>
  /** A source that cannot be watched is asked again on SIGHUP, so that ten rates need not be waited for. */
  readonly hangup?: boolean
  end?(): void | Promise<void>
}

export interface TurningSource {
  /** What stands in for the real thing, where something does. */
  readonly on?: string
  /** Why it cannot run here. */
  readonly skip?: string | undefined
  make(folder: string): Turning | Promise<Turning>
}

const put = (file: string, text: string | Uint8Array): void => {
  writeFileSync(`${file}.new`, text, { mode: 0o600 })
  renameSync(`${file}.new`, file)
}

/** Every kind of source, on the real thing or on what stands in for it. */
export const TURNING: Readonly<Record<SourceKind, TurningSource>> = {
  env: {
    make: () => {
      const env: Record<string, string> = {}
      return {
        entry: '{ env: REAL }',
        env,
        turn: value => {
          env['REAL'] = value
        },
        take: () => {
          delete env['REAL']
        },
      }
    },
  },
  file: {
    make: folder => ({
      entry: '{ file: a.key }',
      turn: value => put(join(folder, 'a.key'), value),
      take: () => rmSync(join(folder, 'a.key')),
    }),
  },
  dotenv: {
    make: folder => ({
      entry: '{ dotenv: { file: keys.env } }',
      turn: value => put(join(folder, 'keys.env'), `A_KEY=${value}\n`),
      take: () => put(join(folder, 'keys.env'), 'OTHER=1\n'),
    }),
  },
  credential: {
    make: folder => {
      const place = join(folder, 'credentials')
      mkdirSync(place)
      return {
        entry: '{ credential: openai }',
        env: { CREDENTIALS_DIRECTORY: place },
        turn: value => put(join(place, 'openai'), value),
        take: () => rmSync(join(place, 'openai')),
      }
    },
  },
  encrypted: {
    make: async folder => {
      const identity = await newIdentity()
      put(join(folder, 'identity.txt'), identity)
      const recipient = await recipientOf(new Secret(identity))
      const write = async (text: string) =>
        put(join(folder, 'secrets.age'), await encryptAge(Buffer.from(text), [recipient]))
      return {
        entry: '{ encrypted: secrets.age }',
        sources: '{ encrypted: { identity: { file: identity.txt } } }',
        turn: value => write(`A_KEY=${value}\n`),
        take: () => write('OTHER=1\n'),
      }
    },
  },
  sops: {
    on: "files of the tests' own writer",
    make: async folder => {
      const identity = await newIdentity()
      const recipients = [await recipientOf(new Secret(identity))]
      const write = async (tree: Record<string, unknown>) =>
        put(join(folder, 's.yaml'), await writeSops(tree, { recipients }))
      return {
        entry: '{ sops: { file: s.yaml, path: openai.key } }',
        env: { SOPS_AGE_KEY: identity },
        turn: value => write({ openai: { key: value } }),
        take: () => write({ other: 1 }),
      }
    },
  },
  exec: {
    make: folder => ({
      entry: '{ exec: [cat, a.key], refresh: 1h }',
      hangup: true,
      turn: value => put(join(folder, 'a.key'), value),
      take: () => rmSync(join(folder, 'a.key')),
    }),
  },
  vault: {
    on: 'a fake',
    make: async () => {
      const vault = await fakeVault()
      return {
        entry: '{ vault: { path: secret/data/llm, field: key } }',
        sources: `{ vault: { address: "${vault.url}" } }`,
        env: { VAULT_TOKEN: vault.state.token },
        hangup: true,
        turn: value => vault.put('llm', { key: value }),
        take: () => vault.put('llm', undefined),
      }
    },
  },
  kubernetes: {
    on: 'a fake',
    make: async folder => {
      const cluster = await fakeKubernetes()
      const path = '/api/v1/namespaces/default/secrets/keys'
      const one = {
        name: 'x',
        context: { cluster: 'x', user: 'x' },
        cluster: { server: cluster.url },
        user: { token: cluster.state.token },
      }
      const config = { 'current-context': 'x', contexts: [one], clusters: [one], users: [one] }
      put(join(folder, 'kubeconfig'), JSON.stringify(config))
      return {
        entry: '{ kubernetes: { name: keys, key: key }, refresh: 1h }',
        sources: '{ kubernetes: { kubeconfig: kubeconfig } }',
        turn: value => cluster.put(path, { key: value }),
        take: () => cluster.remove(path),
      }
    },
  },
  'aws-secretsmanager': {
    on: 'moto, an emulator',
    skip: noMoto,
    make: async () => {
      const moto = await startMoto()
      const sdk = await import('@aws-sdk/client-secrets-manager')
      const client = new sdk.SecretsManagerClient(moto.client)
      return {
        entry: '{ aws-secretsmanager: { id: llm, field: key } }',
        sources: `{ aws: { endpoint: "${moto.url}" } }`,
        env: LOGIN,
        hangup: true,
        turn: async value => {
          const SecretString = JSON.stringify({ key: value })
          await client
            .send(new sdk.CreateSecretCommand({ Name: 'llm', SecretString }))
            .catch(() => client.send(new sdk.PutSecretValueCommand({ SecretId: 'llm', SecretString })))
        },
        take: async () => {
          await client.send(
            new sdk.DeleteSecretCommand({ SecretId: 'llm', ForceDeleteWithoutRecovery: true }),
          )
        },
        end: () => moto.stop(),
      }
    },
  },
  'aws-ssm': {
    on: 'moto, an emulator',
    skip: noMoto,
    make: async () => {
      const moto = await startMoto()
      const sdk = await import('@aws-sdk/client-ssm')
      const client = new sdk.SSMClient(moto.client)
      const Name = '/llm/key'
      return {
        entry: `{ aws-ssm: ${Name} }`,
        sources: `{ aws: { endpoint: "${moto.url}" } }`,
        env: LOGIN,
        hangup: true,
        turn: async Value => {
          await client.send(
            new sdk.PutParameterCommand({ Name, Value, Type: 'SecureString', Overwrite: true }),
          )
        },
        take: async () => {
          await client.send(new sdk.DeleteParameterCommand({ Name }))
        },
        end: () => moto.stop(),
      }
    },
  },
  gcp: {
    on: 'a fake',
    make: async () => {
      let data: string | undefined
      const { url } = await fakeServer(() =>
        data === undefined ? { status: 404 } : { status: 200, json: { payload: { data } } },
      )
      return {
        entry: '{ gcp: { project: p, secret: s } }',
        sources: `{ gcp: { endpoint: "${url}" } }`,
        env: { GOOGLE_OAUTH_ACCESS_TOKEN: 't' },
        hangup: true,
        turn: value => {
          data = Buffer.from(value).toString('base64')
        },
        take: () => {
          data = undefined
        },
      }
    },
  },
  azure: {
    on: 'a fake',
    make: async () => {
      let value: string | undefined
      const { url } = await fakeServer(({ method }) => {
        if (method === 'POST') return { status: 200, json: { access_token: 't' } }
        return value === undefined ? { status: 404 } : { status: 200, json: { value } }
      })
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
        turn: next => {
          value = next
        },
        take: () => {
          value = undefined
        },
      }
    },
  },
  op: {
    on: 'a stand-in for the program',
    make: folder => {
      mkdirSync(join(folder, 'bin'))
      const missing = `{ echo "[ERROR] could not resolve item" >&2; exit 1; }`
      const script = `#!/bin/sh\n[ -e a.key ] || ${missing}\ncat a.key\n`
      writeFileSync(join(folder, 'bin', 'op'), script, { mode: 0o755 })
      return {
        entry: '{ op: "op://dev/openai/key" }',
        env: { PATH: `${join(folder, 'bin')}:${process.env['PATH']}` },
        hangup: true,
        turn: value => put(join(folder, 'a.key'), value),
        take: () => rmSync(join(folder, 'a.key')),
      }
    },
  },
  keychain: {
    skip: noKeyring,
    make: async folder => {
      mkdirSync(join(folder, 'bus'))
      const keyring = await startKeyring(join(folder, 'bus'), folder)
      const { env } = keyring
      const names = ['service', 'agw', 'username', 'openai']
      const tool = (args: string[], input = '') => {
        execFileSync('secret-tool', args, { env, input })
      }
      return {
        entry: '{ keychain: { account: openai } }',
        env: { DBUS_SESSION_BUS_ADDRESS: env['DBUS_SESSION_BUS_ADDRESS'] ?? '' },
        hangup: true,
        turn: value => tool(['store', '--label=agw', ...names, 'target', 'default'], value),
        take: () => tool(['clear', ...names]),
        end: () => keyring.stop(),
      }
    },
  },
}

/** The password store of `pass`, through `exec`. */
export const PASS: TurningSource = {
  skip: noPass,
  make: folder => {
    const { env, insert, remove, end } = passwordStore(folder)
    return {
      entry: '{ exec: [pass, show, llm/openai], refresh: 1h }',
      env,
      hangup: true,
      turn: value => insert('llm/openai', value),
      take: () => remove('llm/openai'),
      end,
    }
  },
}
