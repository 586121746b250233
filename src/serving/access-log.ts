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
import { LogFile } from './log-file.ts'
import type { News } from './news.ts'

/** Where the access log goes and how much of it. */
export interface LogOptions {
  readonly format: 'text' | 'json'
  /** At the start; the admin pages can change it. */
  readonly level: LogLevel
  /** A file that is appended to; else `stream`. */
  readonly file?: string | undefined
  readonly stream: NodeJS.WritableStream
  /** The last thing that lines pass. */
  readonly redact: (text: string) => string
}

interface AccessLogOptions extends LogOptions {
  /** Told once when lines begin to be lost, and once when they are written again. */
  readonly onNews: (news: News) => void
  /**
   * Other processes write to the same stream: what is written at once must be small enough to stay in one piece. They go on
   * when one of them is killed: what it has written by then shall be all but its last turn's.
   */
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
  const file = options.file === undefined ? undefined : await openFile(options.file, options)
  const format = options.format === 'json' ? jsonFormat() : textFormat()
  const sink: LineSink = {
    isPrompt: options.isShared === true,
    write: (text, done) => {
      if (file !== undefined) return file.write(text, done)
      const pieces = options.isShared === true ? piecesOf(text) : [text]
      for (const [at, piece] of pieces.entries())
        options.stream.write(piece, at === pieces.length - 1 ? done : undefined)
    },
  }
  const log = new AccessLog(format, options.redact, sink, error =>
    options.onNews(newsOf(error, options.file)),
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

function newsOf(error: NodeJS.ErrnoException | undefined, file: string | undefined): News {
  const [way, place] = ['the access log', file ?? 'standard error']
  if (error === undefined)
    return { message: `${way} is written to ${place} again`, hint: '', isTrouble: false, way }
  return {
    message: `${way} cannot be written to ${place} (${error.code ?? 'unknown reason'}); lines are lost`,
    hint:
      file === undefined ? '' : 'make room there, or look at its folder with `ls -ld`; no restart is needed',
    isTrouble: true,
    way,
  }
}

async function openFile(path: string, { isShared, isOpened }: AccessLogOptions): Promise<LogFile> {
  const file = new LogFile(path, isShared)
  if (isOpened === true) return file
  return file.open().catch((error: NodeJS.ErrnoException) => {
    throw new AgwError(
      'WRITE_FAILED',
      `cannot write the access log to ${path} (${error.code ?? 'unknown reason'})`,
      { hint: 'look at the folder with `ls -ld`, or name another file with --access-log', cause: error },
    )
  })
}
