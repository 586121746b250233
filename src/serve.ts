import { createWriteStream } from 'node:fs'
import { AgwError } from './errors.ts'
import { type AccessEvent, AccessLog, jsonFormat, parseConnectTo, textFormat } from './gateway/index.ts'
import { type LiveEvent, type LiveGateway, startLive } from './live.ts'
import type { LoadOptions } from './load.ts'
import type { Secret } from './secrets/secret.ts'

/** Where the access log goes and how much of it. */
export interface AccessLogOptions {
  readonly format: 'text' | 'json'
  /** `warn` leaves out what ended well. */
  readonly level: 'info' | 'warn' | 'off'
  /** A file that is appended to; else `stream`. */
  readonly file?: string | undefined
  readonly stream: NodeJS.WritableStream
  /** The last thing a line passes. */
  readonly redact: (text: string) => string
}

export interface ServeOptions {
  readonly load: LoadOptions
  readonly host?: string
  /** The built-in mock answers for every provider: `true` starts one, a number is the port of one that runs. */
  readonly mock?: boolean | number
  /** As curl's: `HOST:PORT:HOST:PORT`. */
  readonly connectTo?: readonly string[]
  /** Follow the files. */
  readonly reload: boolean
  readonly log?: AccessLogOptions
  readonly onEvent: (event: LiveEvent) => void
  readonly onSecret: (secret: Secret) => void
}

/** `agw serve` without its terminal: a gateway that follows its files, with mock and access log where asked for. */
export async function serve(options: ServeOptions): Promise<LiveGateway> {
  const closing: (() => Promise<void>)[] = []
  const endAll = async (): Promise<void> => {
    for (const close of closing.splice(0).reverse()) await close()
  }
  try {
    const mockPort = await mockFor(options.mock, closing)
    const log = options.log && options.log.level !== 'off' ? await openLog(options.log, closing) : undefined
    const live = await startLive({
      load: options.load,
      gateway: {
        ...(options.host !== undefined && { host: options.host }),
        connectTo: (options.connectTo ?? []).map(parseConnectTo),
        ...(mockPort !== undefined && { standIn: { host: '127.0.0.1', port: mockPort } }),
        ...(log && { onAccess: log }),
      },
      reload: options.reload,
      onEvent: options.onEvent,
      onLoaded: ({ slots, document, variables }) => {
        for (const { secret } of slots) if (secret !== undefined) options.onSecret(secret)
        for (const { name } of document.variables) {
          const found = variables.lookup(name)
          if (found !== undefined && /key|token|secret|passw/i.test(name)) options.onSecret(found.value)
        }
      },
    })
    closing.push(() => live.close())
    return { addresses: live.addresses, reload: () => live.reload(), close: endAll }
  } catch (error) {
    await endAll()
    throw error
  }
}

async function mockFor(
  mock: boolean | number | undefined,
  closing: (() => Promise<void>)[],
): Promise<number | undefined> {
  if (typeof mock === 'number') return mock
  if (mock !== true) return undefined
  const { startMock } = await import('./mock/index.ts')
  const started = await startMock()
  closing.push(() => started.close())
  return started.port
}

async function openLog(
  options: AccessLogOptions,
  closing: (() => Promise<void>)[],
): Promise<(event: AccessEvent) => void> {
  const stream = options.file === undefined ? options.stream : await openFile(options.file)
  const format = options.format === 'json' ? jsonFormat() : textFormat()
  // Lines are joined before they are written, so the redactor sees a batch at a time.
  const sink = {
    write: (text: string, done: (error?: Error | null) => void) => stream.write(options.redact(text), done),
  }
  const log = new AccessLog(format, sink)
  closing.push(async () => {
    await log.flush()
    if (options.file !== undefined) await new Promise<void>(resolve => stream.end(() => resolve()))
  })
  if (options.level === 'info') return log.add
  return event => {
    if (event.reason !== undefined || event.error !== undefined || (event.status ?? 500) >= 400)
      log.add(event)
  }
}

function openFile(path: string): Promise<NodeJS.WritableStream> {
  return new Promise((resolve, reject) => {
    const stream = createWriteStream(path, { flags: 'a', mode: 0o600 })
    stream.once('open', () => resolve(stream))
    stream.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        new AgwError(
          'WRITE_FAILED',
          `cannot write the access log to ${path} (${error.code ?? 'unknown reason'})`,
          {
            hint: 'look at the folder with `ls -ld`, or name another file with --access-log',
            cause: error,
          },
        ),
      ),
    )
  })
}
