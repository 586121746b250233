import { join } from 'node:path'
import { Flags, type Interfaces } from '@oclif/core'
import type { AgwError } from '../errors.ts'
import type { ServeOptions } from '../serving/serve.ts'
import { asList, connectToFlag, hostFlag } from './flags.ts'

/** The flags of `agw serve`. */
export const serveFlags = {
  engine: Flags.string({
    summary: 'The built-in gateway, or the real agentgateway found on the PATH.',
    options: ['embedded', 'agentgateway'],
    default: 'embedded',
    env: 'AGW_ENGINE',
  }),
  host: hostFlag,
  mock: Flags.boolean({
    summary: 'Let the built-in mock answer for every provider: no request leaves the machine.',
    description:
      'Sources of agw.yaml that are asked over a network or by a program are not asked, and nothing is sent to a collector. Only a key set that jwtAuth names by URL is still fetched: without it no token could be judged.',
    env: 'AGW_MOCK',
  }),
  'connect-to': connectToFlag({ exclusive: ['mock'] }),
  reload: Flags.boolean({
    summary: 'Watch the files and take changes in, as it does unless --no-reload.',
    default: true,
    allowNo: true,
    env: 'AGW_RELOAD',
  }),
  admin: Flags.string({
    summary: 'Where the admin pages are (readiness, metrics, config dump, reload), or off.',
    description:
      "Without the flag, the config's adminAddr, else 127.0.0.1:15000. Off loopback they want a token.",
    helpValue: 'HOST:PORT',
    env: 'AGW_ADMIN',
  }),
  workers: Flags.string({
    summary: 'How many processes serve: a number, or auto for one per processor.',
    description:
      "Without the flag, the config's workerThreads, else one. They share ports, rate limits and health.",
    helpValue: 'N',
    env: 'AGW_WORKERS',
  }),
  'log-format': Flags.string({
    summary: 'The form of the log: of requests, and of what becomes of the gateway.',
    description: "Without the flag, the config's logging.format, else text.",
    options: ['text', 'json'],
    env: 'AGW_LOG_FORMAT',
  }),
  'log-level': Flags.string({
    summary:
      'How much is logged: requests at info, how they came about at debug, only what went wrong at warn.',
    description: "Without the flag, the config's logging.level, else info.",
    options: ['debug', 'info', 'warn', 'off'],
    env: 'AGW_LOG_LEVEL',
  }),
  'access-log': Flags.string({
    summary: 'Write the access log to a file instead of standard error.',
    helpValue: 'FILE',
    env: 'AGW_ACCESS_LOG',
  }),
}

/** What those flags ask of `serve`, with what the program knows of itself. */
export function serveOptions(
  flags: Interfaces.InferredFlags<typeof serveFlags>,
  own: {
    readonly version: string
    readonly root: string
    readonly redact: (text: string) => string
    readonly onFormat: (format: 'text' | 'json') => void
    readonly onGone: (error: AgwError) => void
  },
): Omit<ServeOptions, 'load' | 'onEvent' | 'onSecret'> {
  const { version, root, redact, onFormat, onGone } = own
  return {
    host: flags.host,
    mock: flags.mock,
    connectTo: asList(flags['connect-to']),
    reload: flags.reload,
    log: {
      format: flags['log-format'] as 'text' | 'json' | undefined,
      level: flags['log-level'] as 'debug' | 'info' | 'warn' | 'off' | undefined,
      onFormat,
      file: flags['access-log'],
      stream: process.stderr,
      redact,
    },
    admin: { address: flags.admin, pid: process.pid, version, redact },
    reader: join(root, 'bin', 'reader.js'),
    workers: { count: flags.workers, script: join(root, 'bin', 'worker.cjs'), onGone },
  }
}
