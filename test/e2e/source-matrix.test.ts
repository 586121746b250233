import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { encryptAge, newIdentity, recipientOf } from '../../src/secrets/age.ts'
import { Secret } from '../../src/secrets/secret.ts'
import { agw, tempFolder } from '../helpers/agw.ts'
import { unless } from '../helpers/needs.ts'
import { fakeServer } from '../secrets/sources/fake-server.ts'
import { fakeVault } from '../secrets/sources/fake-vault.ts'
import { noKeyring, startKeyring } from '../secrets/sources/keyring-daemon.ts'
import { writeSops } from '../secrets/sources/sops-writer.ts'

/** A source in a certain state: what agw.yaml says of it, and the environment. */
interface Setting {
  readonly entry: string
  readonly sources?: string
  readonly env?: Readonly<Record<string, string>>
  end?(): Promise<void>
}

type Row = [
  source: string,
  state: string,
  message: RegExp,
  make: (folder: string) => Setting | Promise<Setting>,
]

const CANARY = 'sk-canary-0123456789'
const HUGE = 'k'.repeat(2 * 1024 * 1024)
const put = (folder: string, name: string, text: string | Uint8Array, mode = 0o600): void =>
  writeFileSync(join(folder, name), text, { mode })

const file =
  (text?: string) =>
  (folder: string): Setting => {
    if (text !== undefined) put(folder, 'a.key', text)
    return { entry: '{ file: a.key }' }
  }

const dotenv =
  (text?: string) =>
  (folder: string): Setting => {
    if (text !== undefined) put(folder, 'keys.env', text)
    return { entry: '{ dotenv: keys.env }' }
  }

const program =
  (script: string, more = '') =>
  (folder: string): Setting => {
    put(folder, 'tool.sh', script)
    return { entry: `{ exec: [sh, tool.sh]${more} }` }
  }

const encrypted =
  (spoil: (bytes: Uint8Array) => Uint8Array, text = 'OTHER=1\n') =>
  async (folder: string): Promise<Setting> => {
    const identity = await newIdentity()
    put(folder, 'identity.txt', identity)
    const recipient = await recipientOf(new Secret(identity))
    put(folder, 's.age', spoil(await encryptAge(Buffer.from(text), [recipient])))
    return { entry: '{ encrypted: s.age }', env: { AGW_AGE_IDENTITY: 'identity.txt' } }
  }

const sops =
  (spoil: (text: string) => string, tree: Record<string, unknown> = { key: CANARY }) =>
  async (folder: string): Promise<Setting> => {
    const identity = await newIdentity()
    put(
      folder,
      's.yaml',
      spoil(await writeSops(tree, { recipients: [await recipientOf(new Secret(identity))] })),
    )
    return { entry: '{ sops: { file: s.yaml, path: key } }', env: { SOPS_AGE_KEY: identity } }
  }

type Vault = Awaited<ReturnType<typeof fakeVault>>
const vault = (prepare: (vault: Vault) => void) => async (): Promise<Setting> => {
  const one = await fakeVault()
  prepare(one)
  return {
    entry: '{ vault: { path: secret/data/llm, field: key } }',
    sources: `{ vault: { address: "${one.url}" } }`,
    env: { VAULT_TOKEN: 'hvs.test-token' },
  }
}

const kubernetes =
  (answer: Parameters<typeof fakeServer>[0], more = '') =>
  async (folder: string): Promise<Setting> => {
    const { url } = await fakeServer(answer)
    const one = {
      name: 'x',
      context: { cluster: 'x', user: 'x' },
      cluster: { server: url },
      user: { token: 'canary-token' },
    }
    put(
      folder,
      'kubeconfig',
      JSON.stringify({ 'current-context': 'x', contexts: [one], clusters: [one], users: [one] }),
    )
    return {
      entry: `{ kubernetes: { name: keys, key: openai }${more} }`,
      env: { KUBECONFIG: join(folder, 'kubeconfig') },
    }
  }

type Answer = Parameters<typeof fakeServer>[0]
const gcp =
  (answer: Answer, more = '') =>
  async (): Promise<Setting> => ({
    entry: `{ gcp: { project: p, secret: s }${more} }`,
    sources: `{ gcp: { endpoint: "${(await fakeServer(answer)).url}" } }`,
    env: { GOOGLE_OAUTH_ACCESS_TOKEN: 'canary-token' },
  })

const azure =
  (answer: Answer, more = '') =>
  async (): Promise<Setting> => {
    const token = { status: 200, json: { access_token: 'canary-token' } }
    const { url } = await fakeServer(seen => (seen.url.startsWith('/token') ? token : answer(seen)))
    return {
      entry: `{ azure: { vault: vlt-test, secret: s }${more} }`,
      sources: `{ azure: { endpoint: "${url}" } }`,
      env: { IDENTITY_ENDPOINT: `${url}/token`, IDENTITY_HEADER: 'canary-header' },
    }
  }

const aws =
  (answer: Answer, more = '') =>
  async (): Promise<Setting> => ({
    entry: `{ aws-secretsmanager: { id: s, field: key }${more} }`,
    sources: `{ aws: { endpoint: "${(await fakeServer(answer)).url}", region: eu-central-1 } }`,
    env: { AWS_ACCESS_KEY_ID: 'testing', AWS_SECRET_ACCESS_KEY: 'canary-secret' },
  })

const ok = (json: unknown) => () => ({ status: 200, json })
const base64 = (text: string): string => Buffer.from(text).toString('base64')
const HALF = ', timeout: 500ms'

const op =
  (script: string) =>
  (folder: string): Setting => {
    mkdirSync(join(folder, 'bin'))
    put(folder, 'bin/op', `#!/bin/sh\n${script}\n`, 0o755)
    chmodSync(join(folder, 'bin/op'), 0o755)
    return {
      entry: '{ op: "op://dev/openai/key" }',
      env: { PATH: `${join(folder, 'bin')}:${process.env['PATH']}` },
    }
  }

const keychain =
  (state: 'locked' | 'unlocked' | 'bus only') =>
  async (folder: string): Promise<Setting> => {
    mkdirSync(join(folder, 'bus'))
    const keyring = await startKeyring(join(folder, 'bus'), folder, state)
    const env = { DBUS_SESSION_BUS_ADDRESS: keyring.env['DBUS_SESSION_BUS_ADDRESS'] ?? '' }
    return { entry: '{ keychain: { account: openai } }', env, end: () => keyring.stop() }
  }

const same = <T>(value: T): T => value
const slow = () => new Promise<never>(() => undefined)
const secret = (value: string) => ({
  status: 200,
  json: { data: { openai: Buffer.from(value).toString('base64') } },
})

const ROWS: Row[] = [
  ['env', 'missing', /environment \$REAL.*nothing is stored/, () => ({ entry: '{ env: REAL }' })],
  ['env', 'empty', /the value is empty/, () => ({ entry: '{ env: REAL }', env: { REAL: '' } })],
  ['file', 'missing', /file a\.key.*nothing is stored/, file()],
  ['file', 'empty', /a\.key is empty/, file('\n')],
  ['file', 'huge', /larger than 64 KiB/, file(HUGE)],
  [
    'file',
    'of the wrong type',
    /is a folder/,
    folder => {
      mkdirSync(join(folder, 'a.key'))
      return { entry: '{ file: a.key }' }
    },
  ],
  ['dotenv', 'missing', /keys\.env.*nothing is stored/, dotenv()],
  ['dotenv', 'empty', /the value is empty/, dotenv('A_KEY=\n')],
  ['dotenv', 'huge', /larger than 1024 KiB/, dotenv(`A_KEY=${HUGE}`)],
  [
    'dotenv',
    'of the wrong type',
    /not text in UTF-8/,
    folder => {
      put(folder, 'keys.env', Buffer.from([0xff, 0xfe]))
      return { entry: '{ dotenv: keys.env }' }
    },
  ],
  [
    'credential',
    'missing',
    /credential openai.*nothing is stored/,
    folder => ({ entry: '{ credential: openai }', env: { CREDENTIALS_DIRECTORY: folder } }),
  ],
  ['encrypted', 'missing', /nothing is stored/, encrypted(same)],
  ['encrypted', 'empty', /the value is empty/, encrypted(same, 'A_KEY=\n')],
  [
    'encrypted',
    'locked',
    /no age identity in the file/,
    async folder => ({ ...(await encrypted(same)(folder)), env: { AGW_AGE_IDENTITY: 'nope.txt' } }),
  ],
  ['encrypted', 'of the wrong type', /not a file of age/, encrypted(() => Buffer.from(`A_KEY=${CANARY}`))],
  ['encrypted', 'huge', /larger than 1024 KiB/, encrypted(() => Buffer.alloc(2 * 1024 * 1024))],
  ['sops', 'missing', /nothing is stored/, sops(same, { other: 1 })],
  [
    'sops',
    'locked',
    /it is encrypted for others/,
    async folder => ({ ...(await sops(same)(folder)), env: { SOPS_AGE_KEY: await newIdentity() } }),
  ],
  ['sops', 'of the wrong type', /not a YAML or JSON file that SOPS/, sops(() => `key: ${CANARY}`)],
  ['sops', 'tampered with', /its MAC does not fit/, sops(text => `more: 1\n${text}`)],
  ['exec', 'missing', /no-such-tool is not installed/, () => ({ entry: '{ exec: [no-such-tool] }' })],
  ['exec', 'empty', /the value is empty/, program('true')],
  ['exec', 'failing', /ended with status 7/, program(`echo ${CANARY}; echo ${CANARY} >&2; exit 7`)],
  [
    'exec',
    'slow',
    /did not end in time|no answer within/,
    program(`echo ${CANARY}; exec sleep 60`, ', timeout: 500ms'),
  ],
  ['exec', 'huge', /more than 64 KiB/, program('yes sk-canary-0123456789')],
  ['vault', 'missing', /nothing is stored/, vault(() => undefined)],
  ['vault', 'empty', /the value is empty/, vault(one => one.put('llm', { key: '' }))],
  [
    'vault',
    'locked',
    /is sealed/,
    vault(one => {
      one.state.sealed = true
    }),
  ],
  ['vault', 'of the wrong type', /not text/, vault(one => one.put('llm', { key: [CANARY] }))],
  ['vault', 'huge', /more than 1 MiB/, vault(one => one.put('llm', { key: HUGE }))],
  ['kubernetes', 'missing', /nothing is stored/, kubernetes(() => ({ status: 404 }))],
  ['kubernetes', 'locked', /does not let this login read it/, kubernetes(() => ({ status: 403 }))],
  ['kubernetes', 'slow', /did not answer in time|no answer within/, kubernetes(slow, ', timeout: 500ms')],
  [
    'kubernetes',
    'of the wrong type',
    /not text in UTF-8/,
    kubernetes(() => ({ status: 200, json: { data: { openai: '//79' } } })),
  ],
  ['kubernetes', 'empty', /the value is empty/, kubernetes(() => secret(''))],
  [
    'op',
    'missing',
    /op is not installed/,
    () => ({ entry: '{ op: "op://dev/openai/key" }', env: { PATH: '/nowhere' } }),
  ],
  ['op', 'locked', /op is not logged in/, op('echo "[ERROR] you are not currently signed in" >&2; exit 1')],
  ['op', 'empty', /the value is empty/, op('echo')],
  ['op', 'without the field', /nothing is stored/, op('echo "[ERROR] no item found" >&2; exit 1')],
  ['op', 'huge', /op failed/, op('yes sk-canary-0123456789')],
  ['kubernetes', 'huge', /more than 1 MiB/, kubernetes(() => secret(HUGE))],
  ['gcp', 'missing', /nothing is stored/, gcp(() => ({ status: 404 }))],
  ['gcp', 'locked', /does not let this login read it/, gcp(() => ({ status: 403 }))],
  ['gcp', 'empty', /the value is empty/, gcp(ok({ payload: { data: '' } }))],
  ['gcp', 'of the wrong type', /nothing is stored/, gcp(ok({ payload: { data: [CANARY] } }))],
  ['gcp', 'huge', /more than 1 MiB/, gcp(ok({ payload: { data: base64(HUGE) } }))],
  ['gcp', 'slow', /did not answer in time|no answer within/, gcp(slow, HALF)],
  ['azure', 'missing', /nothing is stored/, azure(() => ({ status: 404 }))],
  ['azure', 'locked', /does not let this login read it/, azure(() => ({ status: 403 }))],
  ['azure', 'empty', /the value is empty/, azure(ok({ value: '' }))],
  ['azure', 'of the wrong type', /nothing is stored/, azure(ok({ value: [CANARY] }))],
  ['azure', 'huge', /more than 1 MiB/, azure(ok({ value: HUGE }))],
  ['azure', 'slow', /did not answer in time|no answer within/, azure(slow, HALF)],
  [
    'aws',
    'missing',
    /nothing is stored/,
    aws(() => ({ status: 400, json: { __type: 'ResourceNotFoundException' } })),
  ],
  [
    'aws',
    'locked',
    /does not let this login read it/,
    aws(() => ({ status: 400, json: { __type: 'AccessDeniedException' } })),
  ],
  ['aws', 'empty', /the value is empty/, aws(ok({ SecretString: '{"key":""}' }))],
  ['aws', 'of the wrong type', /not text/, aws(ok({ SecretString: `{"key":["${CANARY}"]}` }))],
  ['aws', 'slow', /did not answer in time|no answer within/, aws(slow, HALF)],
  ...(noKeyring === undefined
    ? ([
        ['keychain', 'missing', /keychain agw\/openai.*nothing is stored/, keychain('unlocked')],
        ['keychain', 'not there', /no Secret Service/, keychain('bus only')],
      ] satisfies Row[])
    : []),
  ['keychain', 'without a bus', /no Secret Service/, () => ({ entry: '{ keychain: { account: openai } }' })],
]

describe('what is wrong with a source is said, with exit status 4, and nothing of a value', () => {
  if (noKeyring !== undefined) it(`keychain, missing${unless(noKeyring)}`, context => context.skip())

  it.each(ROWS)('%s, %s', async (_, __, message, make) => {
    const folder = await tempFolder()
    const { entry, sources, env, end } = await make(folder)
    put(
      folder,
      'config.yaml',
      'llm:\n  models:\n  - name: m\n    provider: openAI\n    params: {apiKey: "$A_KEY"}\n',
    )
    put(
      folder,
      'agw.yaml',
      `secrets:\n  A_KEY: ${entry}\n${sources === undefined ? '' : `sources: ${sources}\n`}`,
    )
    const { status, stdout, stderr } = await agw(['test-route', '--model', 'm', '--json'], {
      cwd: folder,
      env: { AGW_TRUST: '1', ...env },
    })
    await end?.()
    const { error } = JSON.parse(stdout)
    expect(error).toMatchObject({
      exitCode: 4,
      message: expect.stringMatching(message),
      hint: expect.stringMatching(/\S{3}/),
    })
    expect(error.message).toMatch(/^config\.yaml:5:23: A_KEY \(/)
    expect(status).toBe(4)
    expect(stdout + stderr).not.toMatch(/canary/)
  })
})
