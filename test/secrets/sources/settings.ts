import { execFileSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { encryptAge, newIdentity, recipientOf } from '../../../src/secrets/age.ts'
import { Secret } from '../../../src/secrets/secret.ts'
import { keyLike } from '../../helpers/keys.ts'
import { fakeServer } from './fake-server.ts'
import { fakeVault } from './fake-vault.ts'
import { type KeyringState, startKeyring } from './keyring-daemon.ts'
import { writeSops } from './sops-writer.ts'

/** A source in a certain state: what agw.yaml says of it, and the environment. */
export interface Setting {
  readonly entry: string
  readonly sources?: string
  readonly env?: Readonly<Record<string, string>>
  /** What the store is asked with: nobody's, of this run only. */
  readonly logins?: readonly string[]
  end?(): void | Promise<void>
}

export const CANARY = 'sk-canary-0123456789'
const login = (word: string): string => keyLike('plain', `${word} ${randomUUID()}`)
export const HUGE = 'k'.repeat(2 * 1024 * 1024)
export const put = (folder: string, name: string, text: string | Uint8Array, mode = 0o600): void =>
  writeFileSync(join(folder, name), text, { mode })

export const file =
  (text?: string) =>
  (folder: string): Setting => {
    if (text !== undefined) put(folder, 'a.key', text)
    return { entry: '{ file: a.key }' }
  }

export const dotenv =
  (text?: string) =>
  (folder: string): Setting => {
    if (text !== undefined) put(folder, 'keys.env', text)
    return { entry: '{ dotenv: keys.env }' }
  }

export const program =
  (script: string, more = '') =>
  (folder: string): Setting => {
    put(folder, 'tool.sh', script)
    return { entry: `{ exec: [sh, tool.sh]${more} }` }
  }

/** A credential of systemd; `make` puts it into its folder. */
export const credential =
  (make: (folder: string) => void) =>
  (folder: string): Setting => {
    make(folder)
    return { entry: '{ credential: openai }', env: { CREDENTIALS_DIRECTORY: folder } }
  }

export const encrypted =
  (spoil: (bytes: Uint8Array) => Uint8Array, text = 'OTHER=1\n') =>
  async (folder: string): Promise<Setting> => {
    const identity = await newIdentity()
    put(folder, 'identity.txt', identity)
    const recipient = await recipientOf(new Secret(identity))
    put(folder, 's.age', spoil(await encryptAge(Buffer.from(text), [recipient])))
    return { entry: '{ encrypted: s.age }', env: { AGW_AGE_IDENTITY: 'identity.txt' } }
  }

export const sops =
  (spoil: (text: string) => string, tree: Record<string, unknown> = { key: CANARY }) =>
  async (folder: string): Promise<Setting> => {
    const identity = await newIdentity()
    put(
      folder,
      's.yaml',
      spoil(await writeSops(tree, { recipients: [await recipientOf(new Secret(identity))] })),
    )
    return {
      entry: '{ sops: { file: s.yaml, path: key } }',
      env: { SOPS_AGE_KEY: identity },
      logins: [identity],
    }
  }

type Vault = Awaited<ReturnType<typeof fakeVault>>
export const vault = (prepare: (vault: Vault) => void) => async (): Promise<Setting> => {
  const one = await fakeVault()
  const token = `hvs.${login('vault')}`
  one.state.token = token
  prepare(one)
  return {
    entry: '{ vault: { path: secret/data/llm, field: key } }',
    sources: `{ vault: { address: "${one.url}" } }`,
    env: { VAULT_TOKEN: token },
    logins: [token],
  }
}

/** A Vault that is none: it answers as told. */
export const vaultThat =
  (answer: Parameters<typeof fakeServer>[0], more = '') =>
  async (): Promise<Setting> => {
    const token = `hvs.${login('vault')}`
    return {
      entry: `{ vault: { path: secret/data/llm, field: key }${more} }`,
      sources: `{ vault: { address: "${(await fakeServer(answer)).url}" } }`,
      env: { VAULT_TOKEN: token },
      logins: [token],
    }
  }

export const kubernetes =
  (answer: Parameters<typeof fakeServer>[0], more = '') =>
  async (folder: string): Promise<Setting> => {
    const { url } = await fakeServer(answer)
    const token = login('cluster')
    const one = {
      name: 'x',
      context: { cluster: 'x', user: 'x' },
      cluster: { server: url },
      user: { token },
    }
    put(
      folder,
      'kubeconfig',
      JSON.stringify({ 'current-context': 'x', contexts: [one], clusters: [one], users: [one] }),
    )
    return {
      entry: `{ kubernetes: { name: keys, key: openai }${more} }`,
      env: { KUBECONFIG: join(folder, 'kubeconfig') },
      logins: [token],
    }
  }

type Answer = Parameters<typeof fakeServer>[0]
export const gcp =
  (answer: Answer, more = '') =>
  async (): Promise<Setting> => {
    const token = `ya29.${login('google')}`
    return {
      entry: `{ gcp: { project: p, secret: s }${more} }`,
      sources: `{ gcp: { endpoint: "${(await fakeServer(answer)).url}" } }`,
      env: { GOOGLE_OAUTH_ACCESS_TOKEN: token },
      logins: [token],
    }
  }

export const azure =
  (answer: Answer, more = '') =>
  async (): Promise<Setting> => {
    const [access_token, header] = [login('azure'), login('identity')]
    const token = { status: 200, json: { access_token } }
    const { url } = await fakeServer(seen => (seen.url.startsWith('/token') ? token : answer(seen)))
    return {
      entry: `{ azure: { vault: vlt-test, secret: s }${more} }`,
      sources: `{ azure: { endpoint: "${url}" } }`,
      env: { IDENTITY_ENDPOINT: `${url}/token`, IDENTITY_HEADER: header },
      logins: [access_token, header],
    }
  }

const amazon = async (entry: string, answer: Answer): Promise<Setting> => {
  const secret = login('aws')
  return {
    entry,
    sources: `{ aws: { endpoint: "${(await fakeServer(answer)).url}", region: eu-central-1 } }`,
    env: { AWS_ACCESS_KEY_ID: 'testing', AWS_SECRET_ACCESS_KEY: secret },
    logins: [secret],
  }
}

export const aws =
  (answer: Answer, more = '') =>
  (): Promise<Setting> =>
    amazon(`{ aws-secretsmanager: { id: s, field: key }${more} }`, answer)

export const ssm =
  (answer: Answer, more = '') =>
  (): Promise<Setting> =>
    amazon(`{ aws-ssm: { name: /llm/key }${more} }`, answer)

/** The one parameter, as Systems Manager answers. */
export const parameter = (more: object) =>
  ok({ Parameters: [{ Name: '/llm/key', Type: 'SecureString', ...more }], InvalidParameters: [] })

export const ok = (json: unknown) => () => ({ status: 200, json })
export const base64 = (text: string): string => Buffer.from(text).toString('base64')

export const op =
  (script: string, more = '') =>
  (folder: string): Setting => {
    mkdirSync(join(folder, 'bin'))
    put(folder, 'bin/op', `#!/bin/sh\n${script}\n`, 0o755)
    chmodSync(join(folder, 'bin/op'), 0o755)
    const token = `ops_${login('1Password')}`
    return {
      entry: `{ op: "op://dev/openai/key"${more} }`,
      env: { PATH: `${join(folder, 'bin')}:${process.env['PATH']}`, OP_SERVICE_ACCOUNT_TOKEN: token },
      logins: [token],
    }
  }

/** A keyring, and what is done to it before it is asked. */
export const keychain =
  (state: KeyringState, { value, frozen = false }: { value?: string | Buffer; frozen?: boolean } = {}) =>
  async (folder: string): Promise<Setting> => {
    mkdirSync(join(folder, 'bus'))
    const start = (how: KeyringState) => startKeyring(join(folder, 'bus'), folder, how)
    let keyring = await start(state === 'locked' ? 'unlocked' : state)
    const bus = { DBUS_SESSION_BUS_ADDRESS: keyring.env['DBUS_SESSION_BUS_ADDRESS'] ?? '' }
    const names = ['service', 'agw', 'username', 'openai', 'target', 'default']
    if (value !== undefined)
      execFileSync('secret-tool', ['store', '--label=agw', ...names], { env: keyring.env, input: value })
    if (state === 'locked') {
      await keyring.stop()
      keyring = await start('locked')
    }
    if (frozen) keyring.freeze()
    const entry = `{ keychain: { account: openai }${frozen ? ', timeout: 500ms' : ''} }`
    return { entry, env: bus, end: () => keyring.stop() }
  }

/** A store that never answers. */
export const slow = () => new Promise<never>(() => undefined)

/** What the Kubernetes API answers for a Secret with this value. */
export const secret = (value: string) => ({
  status: 200,
  json: { kind: 'Secret', data: { openai: base64(value) } },
})
