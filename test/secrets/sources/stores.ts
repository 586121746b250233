import { spawnSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { decryptAge, newIdentity } from '../../../src/secrets/age.ts'
import { Secret } from '../../../src/secrets/secret.ts'
import { afterEachFile } from '../../helpers/afterwards.ts'
import { keyLike } from '../../helpers/keys.ts'
import { makeCertificate } from '../../helpers/tls.ts'
import { access, fakeAzure, fakeGoogle } from './fake-clouds.ts'
import { fakeKubernetes } from './fake-kubernetes.ts'
import type { Seen } from './fake-server.ts'
import { fakeVault } from './fake-vault.ts'
import { noKeyring, startKeyring } from './keyring-daemon.ts'
import { LOGIN, noMoto, startMoto } from './moto.ts'

/** A store that agw writes to, empty as yet, whose login is a canary. */
export interface Store {
  /** What agw.yaml says of it; nothing where no agw.yaml is needed. */
  readonly entry?: string
  readonly sources?: string
  /** The method by which the first key gets there, where agw.yaml does not say so. */
  readonly method?: string
  readonly env?: Readonly<Record<string, string>>
  /** What it is asked with. */
  readonly logins?: readonly string[]
  /** Its files, where it is one that keeps keys in clear. */
  readonly files?: RegExp
  /** All that it holds now, as text, where it is not in `files`. */
  held?(): string | Promise<string>
  /** Addresses, and headers where they are known, of all that it was asked. */
  asked?(): string
  end?(): Promise<void>
}

export interface StoreKind {
  /** What stands in for the real thing, where something does. */
  readonly on?: string
  /** Why it cannot run here. */
  readonly skip?: string | undefined
  /** Nothing can be laid aside in it: it keeps the version before by itself. */
  readonly noRotation?: true
  /** `tell` is a line of shell by which a program of the store tells what it was started with. */
  make(folder: string, tell: string): Store | Promise<Store>
}

const put = (file: string, text: string): void => writeFileSync(file, text, { mode: 0o600 })
const canary = (word: string): string => keyLike('plain', `${word} ${randomUUID()}`)
/** What was asked, without the headers that a login belongs in. */
const asked = (seen: readonly Seen[]) => () =>
  seen
    .map(
      ({ url, headers: { authorization: _, 'x-vault-token': __, ...headers } }) =>
        `${url} ${JSON.stringify(headers)}`,
    )
    .join('\n')

/** One for all: it takes seconds to start, and nothing of one test is asked for by another. */
let moto: ReturnType<typeof startMoto> | undefined
const theMoto = (): ReturnType<typeof startMoto> => {
  moto ??= startMoto()
  return moto
}
afterEachFile(async () => {
  const started = await moto
  moto = undefined
  await started?.stop()
})

const vault = async (path: string): Promise<Store> => {
  const { url, seen, state, newest, newestOld } = await fakeVault()
  state.token = `hvs.${canary('vault')}`
  return {
    entry: `{ vault: { path: ${path}, field: key } }`,
    sources: `{ vault: { address: "${url}" } }`,
    env: { VAULT_TOKEN: state.token },
    logins: [state.token],
    held: () => JSON.stringify([newest('llm'), newestOld('llm')]),
    asked: asked(seen),
  }
}

export const STORES: Readonly<Record<string, StoreKind>> = {
  '.env': { make: () => ({ files: /^\.env$/ }) },
  'a key file': { make: () => ({ method: 'file', files: /^openai\.key(?:\.previous)?$/ }) },
  'the config': { make: () => ({ method: 'inline', files: /^config\.yaml$|\/previous-openai\.key$/ }) },
  encrypted: {
    make: async folder => {
      const identity = await newIdentity()
      put(join(folder, 'identity.txt'), `${identity}\n`)
      return {
        entry: '{ encrypted: secrets.age }',
        env: { AGW_AGE_IDENTITY: 'identity.txt' },
        logins: [identity],
        held: async () => {
          // It goes with the last key.
          if (!existsSync(join(folder, 'secrets.age'))) return ''
          const bytes = readFileSync(join(folder, 'secrets.age'))
          const text = await decryptAge(bytes, [new Secret(identity)])
          if ('code' in text) throw new Error(text.message)
          return Buffer.from(text).toString()
        },
      }
    },
  },
  keychain: {
    skip: noKeyring,
    make: async folder => {
      mkdirSync(join(folder, 'bus'))
      const { env, stop } = await startKeyring(join(folder, 'bus'), folder)
      const names = ['service', 'agw', 'username']
      const look = (account: string): string =>
        spawnSync('secret-tool', ['lookup', ...names, account], { env, encoding: 'utf8' }).stdout
      return {
        entry: '{ keychain: { account: openai } }',
        env: { DBUS_SESSION_BUS_ADDRESS: env['DBUS_SESSION_BUS_ADDRESS'] ?? '' },
        held: () => `${look('openai')} ${look('openai.previous')}`,
        end: stop,
      }
    },
  },
  'vault KV 2': { on: 'a fake', make: () => vault('secret/data/llm') },
  'vault KV 1': { on: 'a fake', make: () => vault('kv/llm') },
  kubernetes: {
    on: 'a fake, with the login of a program',
    make: async (folder, tell) => {
      const client = makeCertificate(['agw'])
      const { url, ca, state, seen, get } = await fakeKubernetes({ clients: client })
      state.token = canary('cluster')
      const status = { token: state.token, clientCertificateData: client.cert, clientKeyData: client.key }
      const apiVersion = 'client.authentication.k8s.io/v1'
      put(join(folder, 'login.json'), JSON.stringify({ apiVersion, kind: 'ExecCredential', status }))
      put(join(folder, 'login.sh'), `#!/bin/sh\n${tell}\ncat login.json\n`)
      chmodSync(join(folder, 'login.sh'), 0o700)
      const one = {
        name: 'x',
        context: { cluster: 'x', user: 'x' },
        cluster: { server: url, 'certificate-authority-data': Buffer.from(ca).toString('base64') },
        user: { exec: { apiVersion, command: './login.sh' } },
      }
      const all = { 'current-context': 'x', contexts: [one], clusters: [one], users: [one] }
      put(join(folder, 'kubeconfig'), JSON.stringify(all))
      return {
        entry: '{ kubernetes: { name: keys, key: openai } }',
        env: { KUBECONFIG: 'kubeconfig' },
        logins: [state.token, client.key],
        held: () => JSON.stringify(get('/api/v1/namespaces/default/secrets/keys')),
        asked: () => seen.join('\n'),
      }
    },
  },
  'aws-secretsmanager': {
    on: 'moto, an emulator',
    skip: noMoto,
    make: async () => {
      const { client: at, url } = await theMoto()
      const sdk = await import('@aws-sdk/client-secrets-manager')
      const client = new sdk.SecretsManagerClient(at)
      const [secret, id] = [canary('aws'), randomUUID()]
      return {
        entry: `{ aws-secretsmanager: { id: ${id}, field: key } }`,
        sources: `{ aws: { endpoint: "${url}" } }`,
        env: { ...LOGIN, AWS_SECRET_ACCESS_KEY: secret },
        logins: [secret],
        held: () =>
          client.send(new sdk.GetSecretValueCommand({ SecretId: id })).then(
            ({ SecretString = '' }) => SecretString,
            () => '',
          ),
      }
    },
  },
  'aws-ssm': {
    on: 'moto, an emulator',
    skip: noMoto,
    make: async () => {
      const { client: at, url } = await theMoto()
      const sdk = await import('@aws-sdk/client-ssm')
      const client = new sdk.SSMClient(at)
      const [secret, name] = [canary('aws'), `/${randomUUID()}/key`]
      return {
        entry: `{ aws-ssm: ${name} }`,
        sources: `{ aws: { endpoint: "${url}" } }`,
        env: { ...LOGIN, AWS_SECRET_ACCESS_KEY: secret },
        logins: [secret],
        held: async () => {
          const Names = [name, `${name}.previous`]
          const found = await client.send(new sdk.GetParametersCommand({ Names, WithDecryption: true }))
          return JSON.stringify(found.Parameters)
        },
      }
    },
  },
  gcp: {
    on: 'a fake, with the key of a service account',
    noRotation: true,
    make: async folder => {
      const { url, seen, state, secrets, account } = await fakeGoogle()
      state.token = `ya29.${canary('google')}`
      put(join(folder, 'sa.json'), account())
      return {
        entry: '{ gcp: { project: p, secret: s } }',
        sources: `{ gcp: { endpoint: "${url}" } }`,
        env: { GOOGLE_APPLICATION_CREDENTIALS: join(folder, 'sa.json') },
        logins: [state.token, JSON.parse(account()).private_key],
        held: () => secrets.get(access('p', 's')) ?? '',
        asked: asked(seen),
      }
    },
  },
  azure: {
    on: 'a fake, with a client secret',
    noRotation: true,
    make: async () => {
      const { url, seen, state, secrets } = await fakeAzure()
      Object.assign(state, { token: canary('azure'), clientSecret: canary('principal') })
      return {
        entry: '{ azure: { vault: my-vault, secret: s } }',
        sources: `{ azure: { endpoint: "${url}" } }`,
        env: {
          AZURE_TENANT_ID: 'tenant',
          AZURE_CLIENT_ID: 'agw',
          AZURE_CLIENT_SECRET: state.clientSecret,
          AZURE_AUTHORITY_HOST: url,
        },
        logins: [state.token, state.clientSecret],
        held: () => secrets.get('/secrets/s') ?? '',
        asked: asked(seen),
      }
    },
  },
}
