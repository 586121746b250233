import { readdir, readFile, realpath, rm } from 'node:fs/promises'
import { request } from 'node:http'
import { join } from 'node:path'
import type { KeyInUse } from '../gateway/index.ts'
import type { Secret } from '../secrets/index.ts'
import { makeFolder } from '../secrets/make-folder.ts'
import { identityFrom, lifeOf, ownIdentity, type ProcessIdentity } from '../secrets/process-identity.ts'
import { writeFileAtomic } from '../secrets/write.ts'
import { adminToken } from './admin-token.ts'
import { runFolder } from './state-folder.ts'

type Environment = Readonly<Record<string, string | undefined>>

/** What a gateway that runs on this machine tells of itself in a file of its user's. Holds no value. */
export interface RunningGateway extends ProcessIdentity {
  /** The config it serves, absolute, or `-`. */
  readonly config: string
  /** `http://127.0.0.1:15000`; null where its admin pages are off. */
  readonly admin: string | null
  /** ISO time. */
  readonly startedAt: string
  /** The built-in mock answers for every provider. */
  readonly mock: boolean
  /** The admin pages want a token. */
  readonly needsToken: boolean
  /** The keys that it sends; refusals are told of now and then only. */
  readonly keys: readonly Omit<KeyInUse, 'since'>[]
}

/** What a gateway's word of itself is kept up to date by. */
export interface Announcement {
  /** Tells of the keys that it sends now. */
  update(keys: RunningGateway['keys']): Promise<void>
  end(): Promise<void>
}

const TIMEOUT_MS = 2000

/** Lets others of this user find this process as a gateway. Does nothing where no folder can be had. */
export async function announce(
  env: Environment,
  told: Omit<RunningGateway, keyof ProcessIdentity>,
): Promise<Announcement> {
  const folder = runFolder(env)
  if (folder === undefined) return { update: async () => {}, end: async () => {} }
  const self = ownIdentity()
  const file = join(folder, `gateway-${self.pid}.json`)
  // One after the other: the last word counts.
  let queue: Promise<void> = makeFolder(folder).catch(() => {})
  const update = (keys: RunningGateway['keys']): Promise<void> => {
    const text = `${JSON.stringify({ ...self, ...told, keys } satisfies RunningGateway)}\n`
    queue = queue.then(async () => {
      await writeFileAtomic(file, text, { mode: 0o600 }).catch(() => {})
    })
    return queue
  }
  await update(told.keys)
  // A gateway that crashed could not do it itself.
  await runningGateways(env)
  return { update, end: () => queue.then(() => rm(file, { force: true })) }
}

/** The gateways of this user that run. Files of those that are gone are removed. */
export async function runningGateways(env: Environment): Promise<RunningGateway[]> {
  const folder = runFolder(env)
  if (folder === undefined) return []
  const names = await readdir(folder).catch(() => [])
  const found = await Promise.all(
    names.filter(name => /^gateway-\d+\.json$/.test(name)).map(name => look(join(folder, name))),
  )
  return found.filter(gateway => gateway !== undefined)
}

/** Those that serve a config, whatever path they know it by. */
export async function gatewaysServing(env: Environment, config: string): Promise<RunningGateway[]> {
  const real = (path: string): Promise<string> => realpath(path).catch(() => path)
  const [wanted, all] = await Promise.all([real(config), runningGateways(env)])
  const theirs = await Promise.all(all.map(one => real(one.config)))
  return all.filter((_, index) => theirs[index] === wanted)
}

/** Asks a gateway to read everything anew, and waits for it. Whether it is known to serve what it has read. Never throws. */
export async function reloadGateway(
  env: Environment,
  { admin, needsToken }: RunningGateway,
): Promise<boolean> {
  if (admin === null) return false
  const token = needsToken ? await adminToken(env).catch(() => undefined) : undefined
  return post(`${admin}/reload`, token).catch(() => false)
}

async function look(file: string): Promise<RunningGateway | undefined> {
  const told = await readFile(file, 'utf8').then(
    text => parsed(text),
    () => undefined,
  )
  const identity = identityFrom(told)
  if (told === undefined || identity === undefined) return undefined
  const life = lifeOf(identity)
  // The process that wrote the file did not get to remove it. One of another host is none of ours.
  if (life === 'dead') await rm(file, { force: true }).catch(() => {})
  return life === 'alive' ? told : undefined
}

function parsed(text: string): RunningGateway | undefined {
  try {
    const told = JSON.parse(text) as RunningGateway
    return Array.isArray(told.keys) ? told : undefined
  } catch {
    return undefined
  }
}

/** Whether the answer is a good one. */
function post(url: string, token: Secret | undefined): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const headers = token === undefined ? {} : { authorization: `Bearer ${token.reveal()}` }
    const sent = request(url, { method: 'POST', headers, timeout: TIMEOUT_MS, agent: false }, answer => {
      answer
        .resume()
        .on('error', reject)
        .on('end', () => resolve(answer.statusCode === 200))
    })
    sent.on('timeout', () => sent.destroy(new Error('timeout')))
    sent.on('error', reject)
    sent.end()
  })
}
