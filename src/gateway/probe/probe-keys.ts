import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Config } from '../../config/schema.ts'
import type { KeySlot } from '../../config/slots.ts'
import { AgwError } from '../../errors.ts'
import { readPlainFile } from '../../plain-file.ts'
import type { Verdict } from '../../providers/index.ts'
import type { Secret } from '../../secrets/secret.ts'
import type { ConnectTo } from '../upstream/connect-to.ts'
import { NoAnswer, type Send, sender } from './send.ts'
import { keyPlace, type ProbeTarget, probeTarget } from './target.ts'

/** A slot and the key to try in it, which need not be the one that the config refers to. */
export interface KeyToProbe {
  readonly slot: KeySlot
  readonly secret: Secret
}

/** What a provider says of a key. */
export interface ProbedKey extends Verdict {
  readonly slot: KeySlot
  /** `host:port` that was asked; undefined where nobody was. */
  readonly host: string | undefined
  /** Of the answer; undefined where there was none. */
  readonly status: number | undefined
}

export interface ProbeOptions {
  readonly connectTo?: readonly ConnectTo[] | undefined
  /** How a call is made; over the network unless something else is given. */
  readonly send?: Send | undefined
  /** Milliseconds before the second try of a call that failed on the way; random by default. */
  readonly pauseMs?: () => number
  /** Reads a PEM file with roots; a relative path starts at the working directory. */
  readonly readFile?: (path: string) => string
}

/** How many providers are asked at a time. */
const AT_ONCE = 4

/**
 * Asks providers whether keys work, by calls that are not billed. Each key is sent once, whatever number of slots have it,
 * and only where the gateway would send it: to the provider's own host or the one that the config names, in a header, over
 * TLS unless the host is this machine. Never throws for a key or a provider: what cannot be told is `indeterminate`.
 */
export async function probeKeys(
  config: Config,
  keys: readonly KeyToProbe[],
  options: ProbeOptions = {},
): Promise<ProbedKey[]> {
  const groups = new Map<string, KeyToProbe[]>()
  for (const key of keys) {
    const print = createHash('sha256').update(key.secret.reveal().trim()).digest('base64')
    groups.set(print, [...(groups.get(print) ?? []), key])
  }
  const found = new Map<KeySlot, ProbedKey>()
  const waiting = [...groups.values()]
  const work = async (): Promise<void> => {
    for (let group = waiting.shift(); group !== undefined; group = waiting.shift()) {
      for (const one of await probeGroup(config, group, options)) found.set(one.slot, one)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
  return keys.flatMap(({ slot }) => found.get(slot) ?? [])
}

/** Slots with the same key: the first one that can be asked for is, and speaks for all that lead to the same host. */
async function probeGroup(
  config: Config,
  group: readonly KeyToProbe[],
  options: ProbeOptions,
): Promise<ProbedKey[]> {
  const readFile = options.readFile ?? (path => readPlainFile(path).toString('utf8'))
  const aims = group.map(key => aimOf(config, key, readFile))
  const chosen = aims.find(aim => typeof aim !== 'string')
  const answer = chosen === undefined ? undefined : await ask(chosen, options)
  return group.map(({ slot }, index) => {
    const aim = aims[index] ?? ''
    if (typeof aim === 'string') return nobodyAsked(slot, aim)
    if (answer !== undefined && aim.host === chosen?.host) return { slot, host: aim.host, ...answer }
    return nobodyAsked(slot, `the same key was tried at ${chosen?.host}, and is tried only once`)
  })
}

function nobodyAsked(slot: KeySlot, detail: string): ProbedKey {
  return { slot, host: undefined, status: undefined, result: 'indeterminate', detail }
}

/** What to send where, and how to read the answer. */
interface Aim {
  readonly host: string
  readonly call: Parameters<Send>[0]
  readonly judge: (answer: Awaited<ReturnType<Send>>) => Verdict
}

/** The call for a key, or why there is none. */
function aimOf(
  config: Config,
  { slot, secret }: KeyToProbe,
  readFile: (path: string) => string,
): Aim | string {
  const key = secret.reveal().trim()
  const place = keyPlace(config, slot, key)
  if (place === 'a place that is not checked')
    return 'its place is in the URL, where no key is sent for a check'
  let target: ProbeTarget | undefined
  try {
    target = probeTarget(config, slot, readFile)
  } catch (error) {
    if (error instanceof AgwError) return 'agw knows no call of this provider that costs nothing'
    throw error
  }
  const probe = target?.provider.probe
  if (target === undefined || probe === undefined) return 'agw knows no call for it that costs nothing'
  const { prefix, isOwnAddress } = target
  const wanted = probe.request(key, prefix)
  const upstream =
    isOwnAddress || wanted.host === undefined ? target.upstream : elsewhere(target, wanted.host)
  if (upstream.tls === undefined && !isLoopback(upstream.hostname))
    return `the way to ${upstream.endpoint} is not encrypted`
  const header = place === 'the usual place' ? wanted.key : place.header
  return {
    host: upstream.endpoint,
    call: { upstream, path: wanted.path, headers: [header, ...(wanted.headers ?? [])] },
    judge: answer => probe.judge(answer, key),
  }
}

function elsewhere({ upstream }: ProbeTarget, host: string): ProbeTarget['upstream'] {
  return { ...upstream, hostname: host, port: 443, endpoint: `${host}:443`, servername: host }
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '::1' || /^127\.\d+\.\d+\.\d+$/.test(hostname)
}

type Answered = Verdict & { readonly status: number | undefined }

/** One call, and one more where the first got no answer. */
async function ask({ call, judge }: Aim, options: ProbeOptions): Promise<Answered> {
  const send = options.send ?? sender(options.connectTo)
  try {
    const answer = await send(call).catch(async (error: unknown) => {
      if (error instanceof NoAnswer && error.reason === 'TIMEOUT') throw error
      await sleep((options.pauseMs ?? (() => 250 + Math.random() * 250))())
      return send(call)
    })
    return { status: answer.status, ...judge(answer) }
  } catch (error) {
    const reason = error instanceof NoAnswer ? error.reason : 'no reason is given'
    const detail = reason === 'TIMEOUT' ? 'it gives no answer in time' : `it cannot be reached (${reason})`
    return { status: undefined, result: 'indeterminate', detail }
  }
}
