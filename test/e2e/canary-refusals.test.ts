import { generateKeyPairSync, randomUUID } from 'node:crypto'
import { chmod, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { agw, start, tempFolder } from '../helpers/agw.ts'
import { GUIDE } from '../helpers/guide.ts'
import { keyLike } from '../helpers/keys.ts'
import { filesWith, leaksOf } from '../helpers/leaks.ts'
import { fakeServer, type Said, type Seen } from '../secrets/sources/fake-server.ts'
import { aws, azure, gcp, kubernetes, type Setting, ssm, vaultThat } from '../secrets/sources/settings.ts'

const OLD = keyLike('openai', 'canary of refusals, old')
const NEW = keyLike('openai', 'canary of refusals, new')
const login = (word: string): string => keyLike('plain', `${word} ${randomUUID()}`)

let folder: string
beforeEach(async () => {
  folder = await tempFolder()
})

/** Refuses, and repeats all that it was sent wherever an answer has room for words. */
function repeat(seen: Seen): Said {
  const told = JSON.stringify(seen)
  const error = { code: told, status: told, message: told }
  return {
    status: 403,
    headers: { 'x-echo': JSON.stringify(seen.headers) },
    json: { errors: [told], error, error_description: told, reason: told, message: told, __type: told },
  }
}

interface Store {
  readonly make: (answer: (seen: Seen) => Said) => Setting | Promise<Setting>
  readonly isRead: (seen: Seen) => boolean
  /** How it says that the key is not there. */
  readonly absent: Said
}

const byMethod = {
  isRead: ({ method }: Seen) => method === 'GET',
  absent: { status: 404, json: { errors: [] } },
}
const isGet = ({ headers }: Seen): boolean => /\.Get/.test(String(headers['x-amz-target']))
const STORES: Readonly<Record<string, Store>> = {
  vault: { ...byMethod, make: answer => vaultThat(answer)() },
  kubernetes: { ...byMethod, make: answer => kubernetes(answer)(folder) },
  gcp: { ...byMethod, make: answer => gcp(answer)() },
  azure: { ...byMethod, make: answer => azure(answer)() },
  'aws-secretsmanager': {
    make: answer => aws(answer)(),
    isRead: isGet,
    absent: { status: 400, json: { __type: 'ResourceNotFoundException' } },
  },
  'aws-ssm': {
    make: answer => ssm(answer)(),
    isRead: isGet,
    absent: { status: 200, json: { Parameters: [], InvalidParameters: ['/llm/key'] } },
  },
}

async function setUp({ entry, sources, env }: Setting): Promise<Record<string, string>> {
  await writeFile(join(folder, 'config.yaml'), GUIDE.env)
  const more = sources === undefined ? '' : `sources: ${sources}\n`
  await writeFile(join(folder, 'agw.yaml'), `secrets:\n  OPENAI_API_KEY: ${entry}\n${more}`)
  return { ...env, AGW_TRUST: '1', AGW_DEBUG: '1', DEBUG: '*' }
}

describe.each(Object.entries(STORES))('a store that refuses and repeats what it is sent: %s', (_, store) => {
  it.each([
    ['a write', ['keys', 'set', 'openai'], /status 403|AWS/],
    ['all', ['keys', 'list', '--json'], /status 403|AWS/],
  ])('%s', async (what, args, says) => {
    const asked: Seen[] = []
    const setting = await store.make(seen => {
      asked.push(seen)
      return what === 'a write' && store.isRead(seen) ? store.absent : repeat(seen)
    })
    const env = await setUp(setting)
    const run = await agw(args, { cwd: folder, env, input: NEW })
    expect(run.stdout + run.stderr).toMatch(says)
    expect(run.status, run.stderr).not.toBe(0)
    expect(asked.some(seen => !store.isRead(seen))).toBe(what === 'a write')
    const leaks = leaksOf([NEW, ...(setting.logins ?? [])])
    expect(leaks(run.stdout + run.stderr)).toEqual([])
    expect(await filesWith(leaksOf([NEW]), folder)).toEqual([])
  })
})

/** A login at a server that refuses it and repeats it; `secrets` are what proves it. */
interface Attempt extends Setting {
  readonly secrets: readonly string[]
}

const LOGINS: Readonly<Record<string, (url: string) => Attempt | Promise<Attempt>>> = {
  'vault, by an AppRole': async url => {
    const id = login('secret id')
    await writeFile(join(folder, 'id'), id, { mode: 0o600 })
    const approle = '{ login: { approle: { roleId: agw, secretIdFile: id } }'
    return {
      entry: '{ vault: { path: secret/data/llm, field: key } }',
      sources: `{ vault: ${approle}, address: "${url}" } }`,
      secrets: [id],
    }
  },
  'gcp, by the key of a service account': async url => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const private_key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
    const account = { type: 'service_account', client_email: 'a@b', private_key, token_uri: `${url}/token` }
    await writeFile(join(folder, 'sa.json'), JSON.stringify(account), { mode: 0o600 })
    return {
      entry: '{ gcp: { project: p, secret: s } }',
      sources: `{ gcp: { endpoint: "${url}" } }`,
      env: { GOOGLE_APPLICATION_CREDENTIALS: join(folder, 'sa.json') },
      secrets: [private_key],
    }
  },
  'azure, by a client secret': url => {
    const secret = login('principal')
    return {
      entry: '{ azure: { vault: my-vault, secret: s } }',
      sources: `{ azure: { endpoint: "${url}" } }`,
      env: {
        AZURE_TENANT_ID: 'tenant',
        AZURE_CLIENT_ID: 'agw',
        AZURE_CLIENT_SECRET: secret,
        AZURE_AUTHORITY_HOST: url,
      },
      secrets: [secret],
    }
  },
  'kubernetes, by a program': url => byProgram(url, credential => `echo '${credential}'`),
  'kubernetes, by a program that fails and says its login': url =>
    byProgram(url, credential => `echo '${credential}' | tee /dev/stderr; exit 1`),
  'kubernetes, by a program that fails and says its proxy': async url => {
    const password = login('proxy')
    const attempt = await byProgram(url, () => 'echo "no way through $HTTPS_PROXY" | tee /dev/stderr; exit 1')
    const env = { ...attempt.env, HTTPS_PROXY: `http://me:${password}@proxy.test:3128` }
    return { ...attempt, env, secrets: [...attempt.secrets, password] }
  },
  'kubernetes, by a program that prints something else': url =>
    byProgram(url, credential => `echo 'Logged in: ${credential}'`),
}

async function byProgram(server: string, script: (credential: string) => string): Promise<Attempt> {
  const [token, key] = [login('cluster'), login('client key')]
  const apiVersion = 'client.authentication.k8s.io/v1'
  const status = { token, clientKeyData: key }
  const credential = JSON.stringify({ apiVersion, kind: 'ExecCredential', status })
  await writeFile(join(folder, 'login.sh'), `#!/bin/sh\n${script(credential)}\n`)
  await chmod(join(folder, 'login.sh'), 0o700)
  const one = { name: 'x', context: { cluster: 'x', user: 'x' }, cluster: { server } }
  const user = { exec: { apiVersion, command: './login.sh' } }
  const all = { 'current-context': 'x', contexts: [one], clusters: [one], users: [{ ...one, user }] }
  await writeFile(join(folder, 'kubeconfig'), JSON.stringify(all))
  return {
    entry: '{ kubernetes: { name: keys, key: openai } }',
    env: { KUBECONFIG: 'kubeconfig' },
    secrets: [token, key],
  }
}

// The login program is a shell script.
describe.skipIf(process.platform === 'win32')('a login that is refused and repeated', () => {
  it.each(Object.entries(LOGINS))('%s', async (name, make) => {
    const server = await fakeServer(repeat)
    const attempt = await make(server.url)
    const run = await agw(['keys', 'list'], { cwd: folder, env: await setUp(attempt) })
    expect(run.status, run.stderr).toBe(4)
    const sent = server.seen.map(({ headers, body }) => JSON.stringify(headers) + body).join()
    // What is signed for a login is one itself, for an hour.
    const signed = new URLSearchParams(server.seen[0]?.body ?? '').get('assertion')
    expect([name, sent !== ''], 'whether a server was asked').toEqual([name, !/fails|prints/.test(name)])
    const leaks = leaksOf([...attempt.secrets, ...(signed === null ? [] : [signed])])
    expect(leaks(run.stdout + run.stderr)).toEqual([])
  })
})

describe.skipIf(process.platform === 'win32')('a command that ends while a store takes its key in', () => {
  it.each([
    ['set', 'SIGQUIT', 130],
    ['rotate', 'SIGQUIT', 130],
    ['set', 'SIGUSR2', 70],
    ['rotate', 'SIGUSR2', 70],
  ] as const)('keys %s: %s', async (command, signal, status) => {
    let arrived = (): void => {}
    const writing = new Promise<void>(resolve => {
      arrived = resolve
    })
    const setting = await vaultThat(({ method }) => {
      if (method === 'GET')
        return { status: 200, json: { data: { data: { key: OLD }, metadata: { version: 1 } } } }
      arrived()
      return new Promise<never>(() => {})
    })()
    await writeFile(join(folder, 'boom'), `${OLD} ${NEW}`, { mode: 0o600 })
    // The bug that is not there.
    const code = `import fs from 'node:fs'; process.on('SIGUSR2', () => { throw new Error(fs.readFileSync('boom', 'utf8')) })`
    const env = {
      ...(await setUp(setting)),
      NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(code)}`,
    }
    const check = command === 'rotate' ? ['--no-check'] : []
    const run = start(['keys', command, 'openai', ...check], { cwd: folder, env })
    run.child.stdin.end(NEW)
    await writing
    expect(await run.stop(signal)).toBe(status)
    expect(run.child.signalCode).toBeNull()
    if (signal === 'SIGUSR2') expect(run.stderr()).toContain('agw failed in a way it should not')
    expect(leaksOf([OLD, NEW, ...(setting.logins ?? [])])(run.stdout() + run.stderr())).toEqual([])
    expect(await filesWith(leaksOf([OLD, NEW]), folder)).toEqual(['boom'])
  })
})
