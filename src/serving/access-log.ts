import { AgwError } from '../errors.ts'
import {
  type AccessEvent,
  AccessLog,
  debugLine,
  jsonFormat,
  type LineSink,
  type LogLevel,
  textFormat,
  wentWrong,
} from '../gateway/index.ts'
import type { Arrival } from './arrival.ts'
import { LogFile } from './log-file.ts'

/** Where the access log goes and how much of it. */
export interface AccessLogOptions {
  readonly format: 'text' | 'json'
  /** At the start; the admin pages can change it. */
  readonly level: LogLevel
  /** A file that is appended to; else `stream`. */
  readonly file?: string | undefined
  readonly stream: NodeJS.WritableStream
  /** The last thing that lines pass. */
  readonly redact: (text: string) => string
  /** Told once when lines begin to be lost, and once when they are written again. */
  readonly onNote: (message: string, arrival?: Arrival) => void
  /** Other processes write to the same stream: what is written at once must be small enough to stay in one piece. */
  readonly isShared?: boolean
  /** Another process has found that it can be opened: what goes wrong by now costs lines, and no more. */
  readonly isOpened?: boolean
}

/** Takes what an operator may want to know who looks for a fault: a word for what it is about, and its fields. No value. */
export type DebugLog = (scope: string, fields: Readonly<Record<string, string | number | undefined>>) => void

/** An access log whose level can change while it runs. */
export interface OpenedLog {
  readonly add: (event: AccessEvent) => void
  /** Whether `add` writes a line of a request that went wrong, or of one that did not. */
  readonly wants: (isWrong: boolean) => boolean
  /** Tells something beside requests, at debug only. */
  readonly debug: DebugLog
  level: LogLevel
  /** Writes what was taken, then ends. */
  close(): Promise<void>
}

/** Opens the log. Throws WRITE_FAILED when its file cannot be written. */
export async function openAccessLog(options: AccessLogOptions): Promise<OpenedLog> {
  const file = options.file === undefined ? undefined : await openFile(options.file, options.isOpened)
  const format = options.format === 'json' ? jsonFormat() : textFormat()
  const sink: LineSink = {
    write: (text, done) => {
      if (file !== undefined) return file.write(text, done)
      const pieces = options.isShared === true ? piecesOf(text) : [text]
      for (const [at, piece] of pieces.entries())
        options.stream.write(piece, at === pieces.length - 1 ? done : undefined)
    },
  }
  const log = new AccessLog(format, options.redact, sink, error =>
    options.onNote(noteOf(error, options.file), { way: 'the access log', isLost: error !== undefined }),
  )
  const opened: OpenedLog = {
    level: options.level,
    add: event => {
      if (event.log?.isWanted !== false && opened.wants(wentWrong(event))) log.add(event)
    },
    wants: isWrong => tellsAll(opened.level) || (opened.level === 'warn' && isWrong),
    debug: (scope, fields) => {
      if (opened.level === 'debug') log.addLine(debugLine(options.format, scope, fields))
    },
    close: async () => {
      await log.flush()
      await file?.close()
    },
  }
  return opened
}

/** Bytes that POSIX writes to a pipe in one piece. */
const PIPE_BYTES = 4096

/** Whole lines, as many in a piece as fit; a line that is longer by itself is a piece of its own. */
function piecesOf(text: string): string[] {
  const pieces: string[] = []
  for (const line of text.split(/(?<=\n)/)) {
    const last = pieces.at(-1)
    if (last !== undefined && Buffer.byteLength(last) + Buffer.byteLength(line) <= PIPE_BYTES)
      pieces[pieces.length - 1] = last + line
    else pieces.push(line)
  }
  return pieces
}

function tellsAll(level: LogLevel): boolean {
  return level === 'info' || level === 'debug'
}

function noteOf(error: NodeJS.ErrnoException | undefined, file = 'standard error'): string {
  if (error === undefined) return `the access log is written to ${file} again`
  return `the access log cannot be written to ${file} (${error.code ?? 'unknown reason'}); lines are lost`
}

async function openFile(path: string, isOpened = false): Promise<LogFile> {
  const file = new LogFile(path)
  if (isOpened) return file
  return file.open().catch((error: NodeJS.ErrnoException) => {
    throw new AgwError(
      'WRITE_FAILED',
      `cannot write the access log to ${path} (${error.code ?? 'unknown reason'})`,
      { hint: 'look at the folder with `ls -ld`, or name another file with --access-log', cause: error },
    )
  })
}
