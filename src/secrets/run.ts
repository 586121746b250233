import { stat } from 'node:fs/promises'
import { constants } from 'node:os'
import { basename, delimiter, join } from 'node:path'
import { type Readable, Transform, type Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { AgwError } from '../errors.ts'
import type { Redactor } from './redactor.ts'

/** How a tool is run. */
export interface RunOptions {
  /** Written to its stdin, which is then closed. The only way a secret may take. */
  readonly input?: string | undefined
  /** Its whole environment: nothing is inherited. `PATH` finds the command. */
  readonly env: Readonly<Record<string, string | undefined>>
  readonly cwd?: string | undefined
  /** Milliseconds; 30,000 unless told, or a signal ends it. */
  readonly timeoutMs?: number | undefined
  /** The most that is taken of stdout, and of stderr; 1 MiB unless told. */
  readonly maxBytes?: number | undefined
  /** Aborted, the tool is killed; that counts as a timeout. */
  readonly signal?: AbortSignal | undefined
}

/** How a tool ended. `stdout` and `stderr` may hold secrets: show them through the redactor only, or not at all. */
export interface ToolResult {
  /** Undefined when it was killed. */
  readonly exitCode: number | undefined
  readonly stdout: string
  readonly stderr: string
  /** Undefined when it ended with 0. */
  readonly failed: 'exit' | 'signal' | 'timeout' | 'too-much-output' | undefined
}

/** Runs a tool in an environment that is settled; what functions take that need one. */
export type Run = (
  command: string,
  args: readonly string[],
  options?: Omit<RunOptions, 'env'>,
) => Promise<ToolResult>

/** How long a tool has to end by itself when it is told to. Milliseconds. */
const KILL_AFTER_MS = 1000

/** Runs a tool whose output is too long to be kept; false when it did not end well. */
export type StreamTool = (
  command: string,
  args: readonly string[],
  take: (chunk: Buffer) => void,
  options?: Pick<RunOptions, 'input' | 'timeoutMs'>,
) => Promise<boolean>

/** How to get the tools that agw may need. */
const HOW_TO_GET: Readonly<Record<string, string>> = {
  kubectl: 'install it as https://kubernetes.io/docs/tasks/tools/ tells, or put it on the PATH',
  op: 'install it as https://developer.1password.com/docs/cli/get-started tells, or put it on the PATH',
  git: 'install it as https://git-scm.com/downloads tells, or put it on the PATH',
  agentgateway: 'install it as https://agentgateway.dev/docs tells, or put it on the PATH',
}

/** What holds for every command: its environment and nothing of ours, and its end is no exception. */
function asTold({ env, cwd }: Pick<RunOptions, 'env' | 'cwd'>) {
  return {
    env: { ...env },
    extendEnv: false,
    preferLocal: false,
    reject: false,
    ...(cwd !== undefined && { cwd }),
  } as const
}

/** `runTool` with an environment and a folder. */
export function runWith(defaults: Omit<RunOptions, 'input'>): Run {
  return (command, args, options = {}) => runTool(command, args, { ...defaults, ...options })
}

/**
 * Runs a command without a shell and waits for its end. A status other than 0, a timeout and too much output are
 * results, not errors. Throws TOOL_MISSING when there is no such command, TOOL_FAILED when it cannot be started.
 */
export async function runTool(
  command: string,
  args: readonly string[],
  options: RunOptions,
): Promise<ToolResult> {
  // execa takes 60 ms to load, and most commands of agw need no tool.
  const { execa } = await import('execa')
  const maxBytes = options.maxBytes ?? 1024 * 1024
  const running = execa(command, args, {
    ...asTold(options),
    stripFinalNewline: false,
    timeout: options.timeoutMs ?? (options.signal === undefined ? 30_000 : 0),
    maxBuffer: maxBytes,
    input: options.input ?? '',
    ...(options.signal && { cancelSignal: options.signal }),
    forceKillAfterDelay: KILL_AFTER_MS,
  })
  // Past the limit execa only stops reading, and there are programs that never notice.
  for (const stream of [running.stdout, running.stderr]) {
    let bytes = 0
    stream?.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes > maxBytes) running.kill('SIGKILL')
    })
  }
  const result = await running
  const { exitCode, stdout = '', stderr = '', failed, isMaxBuffer, signal, code } = result
  const timedOut = result.timedOut || result.isCanceled
  // Execa's own error holds the command line and the output: only its code is used.
  if (exitCode === undefined && signal === undefined && !timedOut && !isMaxBuffer) {
    throw await notStarted(command, options, code)
  }
  const how = timedOut
    ? 'timeout'
    : isMaxBuffer
      ? 'too-much-output'
      : exitCode === undefined
        ? 'signal'
        : 'exit'
  return { exitCode, stdout, stderr, failed: failed ? how : undefined }
}

/** A `StreamTool` in an environment that is settled. Its errors output is dropped. Throws as `runTool`. */
export function streamWith({ env, cwd }: Pick<RunOptions, 'env' | 'cwd'>): StreamTool {
  return async (command, args, take, { input = '', timeoutMs = 300_000 } = {}) => {
    const { execa } = await import('execa')
    const child = execa(command, args, {
      ...asTold({ env, cwd }),
      buffer: false,
      stderr: 'ignore',
      input,
      timeout: timeoutMs,
    })
    child.stdout.on('data', take)
    const { failed, exitCode, signal, timedOut, code } = await child
    if (exitCode === undefined && signal === undefined && !timedOut)
      throw await notStarted(command, { env, cwd }, code)
    return !failed
  }
}

/** How a command is started that runs for as long as it likes. */
export interface StartOptions {
  /** Its whole environment. */
  readonly env: Readonly<Record<string, string | undefined>>
  readonly cwd?: string | undefined
  /** Where its output goes; `inherit` hands the stream itself over, as a terminal must be. */
  readonly stdout: 'inherit' | Writable
  readonly stderr: 'inherit' | Writable
  /** Takes known secrets out of output that is not handed over. */
  readonly redactor: Redactor
}

/** A command that runs, with our standard input. */
export interface StartedTool {
  kill(signal: NodeJS.Signals): void
  /** Its exit status; 128 and the number of the signal where one ended it, as shells count. */
  readonly ended: Promise<{ readonly status: number; readonly signal: NodeJS.Signals | undefined }>
}

/**
 * Starts a command without a shell. Throws TOOL_MISSING when there is no such command, TOOL_FAILED when it cannot be
 * started.
 */
export async function startTool(
  command: string,
  args: readonly string[],
  { env, cwd, stdout, stderr, redactor }: StartOptions,
): Promise<StartedTool> {
  const { execa } = await import('execa')
  const child = execa(command, args, {
    ...asTold({ env, cwd }),
    buffer: false,
    stdin: 'inherit',
    stdout: stdout === 'inherit' ? 'inherit' : 'pipe',
    stderr: stderr === 'inherit' ? 'inherit' : 'pipe',
  })
  if (child.pid === undefined) {
    const { code } = await child
    throw await notStarted(command, { env, cwd }, code)
  }
  const flows = [
    passOn(child.stdout ?? undefined, stdout, redactor),
    passOn(child.stderr ?? undefined, stderr, redactor),
  ]
  return {
    kill: signal => void child.kill(signal),
    ended: (async () => {
      const [{ exitCode, signal }] = await Promise.all([child, ...flows])
      const number = signal === undefined ? 0 : constants.signals[signal as NodeJS.Signals]
      return { status: exitCode ?? 128 + number, signal: signal as NodeJS.Signals | undefined }
    })(),
  }
}

/** Output on its way through the redactor; its reader sets the pace. */
async function passOn(
  from: Readable | undefined,
  to: 'inherit' | Writable,
  redactor: Redactor,
): Promise<void> {
  if (from === undefined || to === 'inherit') return
  const stream = redactor.byteStream()
  const redaction = new Transform({
    transform: (chunk: Buffer, _, done) => done(null, stream.push(chunk)),
    flush: done => done(null, stream.end()),
  })
  // When nobody reads on, the command is told by its own pipe, as it would be without us.
  await pipeline(from, redaction, to, { end: false }).catch(() => from.destroy())
}

async function notStarted(
  command: string,
  { env, cwd }: Pick<RunOptions, 'env' | 'cwd'>,
  code: string | undefined,
): Promise<AgwError> {
  const hasFolder =
    cwd === undefined ||
    (await stat(cwd).then(
      stats => stats.isDirectory(),
      () => false,
    ))
  if (!hasFolder) {
    return new AgwError('TOOL_FAILED', `cannot start ${command}: the folder ${cwd} does not exist`, {
      hint: 'check the path',
    })
  }
  if (code === 'ENOENT' || (code === 'EACCES' && !(await isFound(command, env['PATH'] ?? '')))) {
    return new AgwError('TOOL_MISSING', `${command} is not installed, or not on the PATH`, {
      hint: HOW_TO_GET[command] ?? 'install it, or put it on the PATH',
    })
  }
  const why = code === 'EACCES' ? 'it is not executable' : `the system says ${code ?? 'nothing more'}`
  return new AgwError('TOOL_FAILED', `cannot start ${command}: ${why}`, { hint: 'look at it with `ls -l`' })
}

/**
 * Whether there is a file that the system may have meant. Where a folder of the PATH is closed to this user, as after `su`,
 * it says of a command that is nowhere that permission is denied.
 */
async function isFound(command: string, path: string): Promise<boolean> {
  if (basename(command) !== command) return true
  const isFile = (folder: string): Promise<boolean> =>
    stat(join(folder, command)).then(
      stats => stats.isFile(),
      () => false,
    )
  return (await Promise.all(path.split(delimiter).map(isFile))).includes(true)
}
