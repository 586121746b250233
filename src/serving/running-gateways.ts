import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { join } from 'node:path'
import type { KeyInUse } from '../gateway/index.ts'
import type { Secret } from '../secrets/index.ts'
import { adminToken } from './admin-token.ts'
import { makePrivate, runFolder } from './state-folder.ts'

type Environment = Readonly<Record<string, string | undefined>>

/** Where a gateway that runs on this machine can be asked. */
export interface RunningGateway {
  readonly pid: number
  /** The config it serves, absolute, or `-`. */
  readonly config: string
  /** `http://127.0.0.1:15000` */
  readonly admin: string
  /** ISO time. */
  readonly startedAt: string
  /** The admin pages want a token. */
  readonly needsToken: boolean
}

/** Such a gateway and the keys it sends; undefined when it does not tell. */
export interface AskedGateway extends RunningGateway {
  readonly keys: readonly KeyInUse[] | undefined
}

const TIMEOUT_MS = 2000

/** Lets others of this user find a gateway; what it returns ends that. Does nothing where no folder can be had. */
export async function announce(env: Environment, gateway: RunningGateway): Promise<() => Promise<void>> {
  const folder = runFolder(env)
  if (folder === undefined) return async () => {}
  const file = join(folder, `gateway-${gateway.pid}.json`)
  try {
    await makePrivate(folder)
    await rm(file, { force: true })
    await writeFile(file, `${JSON.stringify(gateway)}\n`, { mode: 0o600, flag: 'wx' })
  } catch {
    return async () => {}
  }
  return () => rm(file, { force: true })
}

/** The gateways of this user that run, and the keys they send. Files of those that are gone are removed. */
export async function runningGateways(env: Environment): Promise<AskedGateway[]> {
  const folder = runFolder(env)
  if (folder === undefined) return []
  const names = await readdir(folder).catch(() => [])
  const found = await Promise.all(
    names.filter(name => /^gateway-\d+\.json$/.test(name)).map(name => ask(env, join(folder, name))),
  )
  return found.filter(gateway => gateway !== undefined)
}

/** Asks a gateway to read everything anew; what becomes of it is seen in its keys. Never throws. */
export async function reloadGateway(env: Environment, gateway: RunningGateway): Promise<void> {
  const token = gateway.needsToken ? await adminToken(env).catch(() => undefined) : undefined
  await call('POST', `${gateway.admin}/reload`, token).catch(() => undefined)
}

async function ask(env: Environment, file: string): Promise<AskedGateway | undefined> {
  const gateway = await readFile(file, 'utf8').then(
    text => JSON.parse(text) as RunningGateway,
    () => undefined,
  )
  if (gateway === undefined) return undefined
  const token = gateway.needsToken ? await adminToken(env).catch(() => undefined) : undefined
  const answer = await call('GET', `${gateway.admin}/keys`, token).catch(() => undefined)
  // Nobody there, or somebody else: the process that wrote the file did not get to remove it.
  if (answer === undefined || (answer.status === 200 && answer.pid !== gateway.pid)) {
    await rm(file, { force: true })
    return undefined
  }
  return { ...gateway, keys: answer.keys }
}

interface KeysAnswer {
  readonly status: number
  readonly pid: number | undefined
  readonly keys: readonly KeyInUse[] | undefined
}

function call(method: 'GET' | 'POST', url: string, token: Secret | undefined): Promise<KeysAnswer> {
  return new Promise((resolve, reject) => {
    const headers = token === undefined ? {} : { authorization: `Bearer ${token.reveal()}` }
    const sent = request(url, { method, headers, timeout: TIMEOUT_MS, agent: false }, answer => {
      let text = ''
      answer.setEncoding('utf8').on('data', chunk => {
        text += chunk
      })
      answer.on('error', reject)
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, ...readKeys(text) }))
    })
    sent.on('timeout', () => sent.destroy(new Error('timeout')))
    sent.on('error', reject)
    sent.end()
  })
}

function readKeys(text: string): Omit<KeysAnswer, 'status'> {
  try {
    const { pid, keys } = JSON.parse(text) as Partial<KeysAnswer>
    return { pid, keys }
  } catch {
    return { pid: undefined, keys: undefined }
  }
}
