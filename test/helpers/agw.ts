import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { afterEachTest } from './afterwards.ts'
import { SharedProcess } from './shared-process.ts'

/** The built program, as users start it. */
export const BIN = fileURLToPath(new URL('../../bin/run.js', import.meta.url))
export const ROOT = fileURLToPath(new URL('../..', import.meta.url))

export interface Run {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface RunOptions {
  readonly cwd: string
  readonly env?: Record<string, string | undefined>
  readonly input?: string
}

/**
 * An environment in which nothing of this machine's user is seen: state and running gateways are found below the folder.
 * The admin pages take any free port: their own may be taken by whatever else runs here.
 */
export function cleanEnv(cwd: string, more: Record<string, string | undefined> = {}): NodeJS.ProcessEnv {
  return {
    PATH: process.env['PATH'],
    HOME: cwd,
    XDG_CONFIG_HOME: join(cwd, 'no-such-config'),
    NO_COLOR: '1',
    AGW_ADMIN: '127.0.0.1:0',
    ...more,
  }
}

/**
 * Runs `agw` to its end: in a process that has run others before, where that makes no difference, which is ten times as
 * fast. Where the process is what is tested, see {@link agwAlone}.
 */
export function agw(args: readonly string[], options: RunOptions): Promise<Run> {
  const { cwd, env = {}, input = '' } = options
  if (shared.isBusy || !existsSync(cwd) || !mayShare(args, env)) return agwAlone(args, options)
  return shared.run({ args, cwd, env: cleanEnv(cwd, env), input })
}

const shared = new SharedProcess()

/** They hand their own streams on, or play their story with signals. */
const OWN_PROCESS: ReadonlySet<string> = new Set(['demo', 'run'])
/** They change what Node does in all of a process, or what a library keeps open. */
const OWN_ENVIRONMENT = /^(?:NODE_(?!EXTRA_CA_CERTS)|DBUS_)/

function mayShare(args: readonly string[], env: NonNullable<RunOptions['env']>): boolean {
  if (args.some(word => OWN_PROCESS.has(word) || word.startsWith('--env-file'))) return false
  return !Object.keys(env).some(name => OWN_ENVIRONMENT.test(name))
}

/** Runs `agw` to its end in a process of its own. */
export function agwAlone(args: readonly string[], options: RunOptions): Promise<Run> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [BIN, ...args], {
      cwd: options.cwd,
      env: cleanEnv(options.cwd, options.env),
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    let stdout = ''
    let stderr = ''
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk.toString()
    })
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString()
    })
    child.on('error', reject)
    child.on('close', status => resolve({ status, stdout, stderr }))
    child.stdin.on('error', () => {})
    child.stdin.end(options.input ?? '')
  })
}

export interface Running {
  readonly child: ChildProcessByStdio<Writable, Readable, Readable>
  readonly stdout: () => string
  readonly stderr: () => string
  /** Waits until stdout holds the text. */
  until(text: string | RegExp, stream?: 'stdout' | 'stderr'): Promise<RegExpExecArray>
  stop(signal?: NodeJS.Signals): Promise<number | null>
}

const running = new Set<Running>()

/** Starts `agw` and leaves it running; it is killed after the test at the latest. */
export function start(args: readonly string[], options: RunOptions): Running {
  const child = spawn(process.execPath, [BIN, ...args], {
    cwd: options.cwd,
    env: cleanEnv(options.cwd, options.env),
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  const text = { stdout: '', stderr: '' }
  const waiting = new Set<() => void>()
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].on('data', (chunk: Buffer) => {
      text[name] += chunk.toString()
      for (const look of waiting) look()
    })
  }
  const ended = new Promise<number | null>(resolve => child.on('close', resolve))
  void ended.then(() => {
    for (const look of waiting) look()
  })
  const it: Running = {
    child,
    stdout: () => text.stdout,
    stderr: () => text.stderr,
    until: (wanted, stream = 'stdout') =>
      new Promise((resolve, reject) => {
        const pattern =
          typeof wanted === 'string' ? new RegExp(wanted.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')) : wanted
        const look = (): void => {
          const found = pattern.exec(text[stream])
          if (found !== null) {
            waiting.delete(look)
            resolve(found)
          } else if (child.exitCode !== null) {
            waiting.delete(look)
            reject(
              new Error(`agw ended (${child.exitCode}) before ${pattern}: ${text.stdout}\n${text.stderr}`),
            )
          }
        }
        waiting.add(look)
        look()
      }),
    stop: async (signal = 'SIGTERM') => {
      running.delete(it)
      if (child.exitCode === null) child.kill(signal)
      return ended
    },
  }
  running.add(it)
  return it
}

afterEachTest(async () => {
  for (const one of [...running]) await one.stop('SIGKILL')
})

/** A folder of its own for one test, removed afterwards. */
export async function tempFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'agw-test-'))
  folders.push(folder)
  return folder
}

const folders: string[] = []

afterEachTest(async () => {
  // What was killed a moment ago may still have made a file there.
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true, maxRetries: 3 })
})
