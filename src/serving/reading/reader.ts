import { once } from 'node:events'
import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads'
import { AgwError } from '../../errors.ts'
import type { Examine, Examined } from '../../load.ts'
import { Assembly, type ConfigPiece } from '../config-pieces.ts'
import { Turns } from '../turns.ts'
import { examine } from './examine.ts'
import type { ReadingTask, SentExamined } from './wire.ts'

/** A larger text is read in a thread of its own: here it would keep requests waiting for tenths of a second. Bytes. */
const LARGE = 32 * 1024
/** Of the thread. Reading makes many objects that live for a while; with more room they are copied less often. */
const YOUNG_MB = 192

/**
 * Reads small texts here and large ones in a thread that runs `script`, whose memory goes with it. What it finds comes
 * back a little at a time, so that requests go on being answered. When `signal` aborts, the thread ends at once.
 */
export function reader(script: string | undefined, signal: AbortSignal): Examine {
  return async (bytes, options, names) => {
    if (script === undefined || bytes.length < LARGE) return examine(bytes, options)
    signal.throwIfAborted()
    const { port1, port2 } = new MessageChannel()
    const task: ReadingTask = { bytes, file: options.file, ...variablesOf(options, names()), port: port2 }
    const thread = new Worker(script, {
      workerData: task,
      transferList: [port2],
      argv: [],
      execArgv: [],
      env: {},
      stdout: true,
      stderr: true,
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB },
    })
    const end = (): void => void thread.terminate()
    signal.addEventListener('abort', end)
    try {
      await sent(thread)
      return await received(port1, signal)
    } finally {
      signal.removeEventListener('abort', end)
      port1.close()
      await thread.terminate()
    }
  }
}

function variablesOf(
  { lookup, problemOf }: Parameters<Examine>[1],
  names: readonly string[],
): Pick<ReadingTask, 'values' | 'problems'> {
  const values = new Map<string, string>()
  const problems = new Map<string, { code: string; message: string; hint: string }>()
  for (const name of names) {
    const value = lookup(name)
    if (value !== undefined) values.set(name, value)
    const problem = problemOf(name)
    if (problem === undefined) continue
    const { code, message, hint } = problem
    problems.set(name, { code, message, hint })
  }
  return { values, problems }
}

/** Throws where the thread ends instead. The message of an error that nobody expected may hold anything. */
async function sent(thread: Worker): Promise<void> {
  const ended = once(thread, 'exit').then(() => {
    throw new Error('the thread has ended')
  })
  try {
    await Promise.race([once(thread, 'message'), ended])
  } catch (error) {
    const { code, name } = error as NodeJS.ErrnoException
    if (code === 'ERR_WORKER_OUT_OF_MEMORY') {
      throw new AgwError('CONFIG_UNREADABLE', 'the config is too large for the memory there is', {
        hint: 'split the config, or give the gateway more memory',
      })
    }
    throw new AgwError('BUG', `the config could not be read (${name})`)
  } finally {
    ended.catch(() => {})
  }
}

async function received(port: MessagePort, signal: AbortSignal): Promise<Examined> {
  const turns = new Turns()
  const assembly = new Assembly()
  while (!assembly.isWhole) {
    const piece = receiveMessageOnPort(port)?.message as ConfigPiece | undefined
    if (piece === undefined) throw new AgwError('BUG', 'a part of the config was lost on its way')
    assembly.take(piece)
    if (turns.isOver) await turns.next()
    signal.throwIfAborted()
  }
  return examinedOf(assembly.whole as SentExamined)
}

function examinedOf({ slots: sentSlots, ...rest }: SentExamined): Examined {
  const unset = new Set<Examined['slots'][number]>()
  const slots = sentSlots.map(({ hasValue, isUnset, ...one }) => {
    const value = hasValue ? (at(rest.draft, one.path) as Examined['slots'][number]['value']) : undefined
    const slot = { ...one, value }
    if (isUnset) unset.add(slot)
    return slot
  })
  return { ...rest, slots, unset }
}

function at(tree: unknown, path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>((node, step) => (node as Record<string | number, unknown>)[step], tree)
}
