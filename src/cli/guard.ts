import { fstatSync, statSync } from 'node:fs'
import { devNull } from 'node:os'
import { AgwError, EXIT } from '../errors.ts'

/**
 * Ways out of a process that pass no stream of ours: what Node prints of a crash, a diagnostic report, a core dump, a
 * debugger. Closes those that a program can close, from the start of a command on. `tell` prints an error, redacted, and
 * gives its exit status.
 */
export function guardProcess(tell: (error: unknown) => number): void {
  const crash = (error: unknown): void => {
    // Nobody reads on: there is nothing to tell, and no one to tell it to.
    const isUnread = (error as NodeJS.ErrnoException | undefined)?.code === 'EPIPE'
    process.exit(isUnread ? (process.exitCode ?? EXIT.ok) : tell(error))
  }
  process.on('uncaughtException', crash)
  process.on('unhandledRejection', crash)
  // Before the listener of oclif, which throws.
  process.stdout.prependListener('error', (error: NodeJS.ErrnoException) => {
    crash(error.code === 'EPIPE' ? error : outputFailed(error))
  })
  // A program that has lost its reader of notes goes on.
  process.stderr.on('error', () => {})
  // Ctrl-\ would leave a core dump, with every key in it, where the system writes one.
  process.on('SIGQUIT', () => {
    if (process.listenerCount('SIGQUIT') === 1) process.exit(EXIT.interrupted)
  })
  // Would open a debugger on a port of this machine, through which any of its users reads the memory.
  process.on('SIGUSR1', () => {})
  closeReports(process.report as Report)
}

/**
 * For a program that serves others: from now on, output that finds no reader or no room costs what it would have told, and
 * not the program. `tell` is called the first time.
 */
export function outliveOutput(tell: (note: string) => void): void {
  let isTold = false
  // Those that end the program, ours and the one of oclif.
  process.stdout.removeAllListeners('error')
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (isTold) return
    isTold = true
    tell(`standard output cannot be written (${error.code ?? 'unknown reason'}); what is told there is lost`)
  })
}

/**
 * Writes to standard output what must not be lost, and waits until it is taken. Throws OUTPUT_FAILED, in place of what
 * else ends the program then.
 */
export async function writeSurely(text: string): Promise<void> {
  const { stdout } = process
  const ending = stdout.rawListeners('error') as ((error: Error) => void)[]
  stdout.removeAllListeners('error')
  stdout.on('error', () => {})
  await new Promise<void>((resolve, reject) => {
    stdout.write(text, error =>
      error ? reject(outputFailed(error, 'send it where it is taken')) : resolve(),
    )
  })
  stdout.removeAllListeners('error')
  for (const listener of ending) stdout.on('error', listener)
}

/** Throws OUTPUT_FAILED where standard output is the device that keeps nothing: Node opens it where there is no output at all. */
export function requireKept(): void {
  const device = statSync(devNull, { throwIfNoEntry: false })
  const output = fstatSync(process.stdout.fd)
  if (device === undefined || !output.isCharacterDevice() || output.rdev !== device.rdev) return
  throw new AgwError('OUTPUT_FAILED', `standard output is ${devNull}, where the key would be lost`, {
    hint: 'send it where it is kept, as in `> key.txt`; nothing was written',
  })
}

/** What is said when the answer cannot be written. */
function outputFailed(
  error: NodeJS.ErrnoException,
  hint = 'make room there, or send the output elsewhere; what the command changed before stays changed',
): AgwError {
  const { code = 'unknown reason' } = error
  const why = { ENOSPC: 'there is no space left', EPIPE: 'nobody reads it' }[code] ?? code
  return new AgwError('OUTPUT_FAILED', `cannot write to standard output: ${why}`, { hint, cause: error })
}

/**
 * What users of agw cannot act on: which Node the AWS SDK will want next year, and that the library of commands finds no
 * plugins below a HOME that is no folder, as /dev/null in a container.
 */
const FOREIGN_NEWS = /^NodeVersionSupportWarning: The AWS SDK|\bENOTDIR\b.*[/\\]agw[/\\]package\.json/

/** Every other warning of Node is printed as always. */
export function dropForeignNews(): void {
  const emit = process.emitWarning.bind(process) as (...warning: unknown[]) => void
  process.emitWarning = (...warning: unknown[]) => {
    if (!FOREIGN_NEWS.test(String(warning[0]))) emit(...warning)
  }
}

/** `excludeEnv` came with Node 22. */
type Report = NodeJS.ProcessReport & { excludeEnv?: boolean }

/** A report lists the environment, where keys may be. Node that cannot leave it out writes none. */
function closeReports(report: Report | undefined): void {
  if (report === undefined) return
  if ('excludeEnv' in report) report.excludeEnv = true
  else {
    report.reportOnSignal = false
    report.reportOnUncaughtException = false
    report.reportOnFatalError = false
  }
}

/** What is switched on from outside that shows what is in memory, each as a clause; none is the usual case. */
export function exposures(): string[] {
  const options = `${process.execArgv.join(' ')} ${process.env['NODE_OPTIONS'] ?? ''}`
  const found: string[] = []
  if (/--inspect/.test(options)) found.push('a debugger may attach (--inspect), and reads every key')
  if (/--heapsnapshot|--heap-prof/.test(options)) found.push('heap snapshots are on, and hold every key')
  if (/--abort-on-uncaught-exception/.test(options))
    found.push('a crash dumps core (--abort-on-uncaught-exception), with every key')
  if (/\b(?:http|http2|net|tls|undici|fetch|\*)/.test(process.env['NODE_DEBUG'] ?? ''))
    found.push('NODE_DEBUG makes Node print what it sends')
  return found
}
