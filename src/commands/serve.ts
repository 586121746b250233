import { join } from 'node:path'
import { Flags } from '@oclif/core'
import { followChild } from '../cli/child.ts'
import { ConfigCommand, type ConfigFlagValues } from '../cli/config-command.ts'
import { refuseEmbeddedFlags } from '../cli/engine-flags.ts'
import { asList, connectToFlag, hostFlag } from '../cli/flags.ts'
import { exposures } from '../cli/guard.ts'
import { isNote, liveEventText } from '../cli/report/live.ts'
import { hangups, untilSignal } from '../cli/signals.ts'
import type { LiveEvent } from '../serving/live.ts'

export default class Serve extends ConfigCommand {
  static override summary = 'Run the embedded gateway on a config, and follow its files.'
  static override description =
    'Requests go to the providers with the keys of the config; the config, .env and key files are watched and taken in as a whole. It listens on loopback unless --host says otherwise.'
  static override examples = [
    '<%= config.bin %> serve',
    '<%= config.bin %> serve --mock',
    '<%= config.bin %> serve --host 0.0.0.0 --log-format json',
    '<%= config.bin %> serve --engine agentgateway',
  ]
  static override flags = {
    engine: Flags.string({
      summary: 'The built-in gateway, or the real agentgateway found on the PATH.',
      options: ['embedded', 'agentgateway'],
      default: 'embedded',
      env: 'AGW_ENGINE',
    }),
    host: hostFlag,
    mock: Flags.boolean({
      summary: 'Let the built-in mock answer for every provider: no request leaves the machine.',
      env: 'AGW_MOCK',
    }),
    'connect-to': connectToFlag({ exclusive: ['mock'] }),
    reload: Flags.boolean({
      summary: 'Watch the files and take changes in.',
      default: true,
      allowNo: true,
      env: 'AGW_RELOAD',
    }),
    admin: Flags.string({
      summary: 'Where the admin pages are (readiness, metrics, config dump, reload), or off.',
      description:
        "The config's adminAddr unless given, else 127.0.0.1:15000. Off loopback they want a token.",
      helpValue: 'HOST:PORT',
      env: 'AGW_ADMIN',
    }),
    workers: Flags.string({
      summary: 'How many processes serve: a number, or auto for one per processor.',
      description:
        "The config's workerThreads unless given, else one. They share ports, rate limits and health.",
      helpValue: 'N',
      env: 'AGW_WORKERS',
    }),
    'log-format': Flags.string({
      summary: 'The form of the access log.',
      options: ['text', 'json'],
      default: 'text',
      env: 'AGW_LOG_FORMAT',
    }),
    'log-level': Flags.string({
      summary: 'How much is logged: requests at info, only what went wrong at warn, nothing at off.',
      options: ['info', 'warn', 'off'],
      default: 'info',
      env: 'AGW_LOG_LEVEL',
    }),
    'access-log': Flags.string({
      summary: 'Write the access log to a file instead of standard error.',
      helpValue: 'FILE',
      env: 'AGW_ACCESS_LOG',
    }),
  }

  async run(): Promise<object> {
    const { flags } = await this.parse(Serve)
    if (flags.engine === 'agentgateway') return this.#runEngine(flags)
    for (const what of exposures()) this.warning(what)
    const { serve } = await import('../serving/serve.ts')
    // Heard from the start on: whoever waits until it is ready may send the signal at once.
    const hangup = hangups(process.stdout.isTTY === true)
    let stopping: Promise<NodeJS.Signals> | undefined
    const running = await serve({
      load: this.loadOptions(flags),
      host: flags.host,
      mock: flags.mock,
      connectTo: asList(flags['connect-to']),
      reload: flags.reload,
      log: {
        format: flags['log-format'] as 'text' | 'json',
        level: flags['log-level'] as 'info' | 'warn' | 'off',
        file: flags['access-log'],
        stream: process.stderr,
        redact: text => this.redactor.redact(text),
      },
      admin: {
        address: flags.admin,
        pid: process.pid,
        version: this.config.version,
        redact: text => this.redactor.redact(text),
      },
      workers: { count: flags.workers, script: join(this.config.root, 'bin', 'worker.js') },
      onSecret: secret => this.redactor.add(secret),
      onEvent: event => {
        // From its first word on, a signal means an orderly end: whoever reads it may send one at once.
        stopping ??= untilSignal()
        this.#tell(event)
      },
    })
    hangup.call(() => void running.reload())
    const signal = await (stopping ?? untilSignal())
    await running.close()
    this.endWith(signal === 'SIGINT' ? 130 : 0)
    return {}
  }

  /** The real binary in our place: its output, its signals, its status. */
  async #runEngine(flags: ConfigFlagValues): Promise<object> {
    refuseEmbeddedFlags(this.argv, Object.keys(Serve.flags))
    const { runEngine } = await import('../run-command.ts')
    const child = await runEngine({
      load: this.loadOptions(flags),
      ...this.childOutput(true),
      redactor: this.redactor,
    })
    const status = await followChild(child)
    this.endWith(status)
    return { event: 'stopped', status }
  }

  /** Events are the document, one a line; for people, where it listens is the answer and the rest are notes. */
  #tell(event: LiveEvent): void {
    const { terminal } = this
    if (this.jsonEnabled()) return terminal.out(JSON.stringify(event))
    for (const line of liveEventText(event, terminal)) {
      if (isNote(event)) terminal.err(line)
      else terminal.out(line)
    }
  }

  /** Failures keep the usual form, on one line too. */
  protected override logJson(document: object): void {
    if (Object.keys(document).length > 0) this.terminal.out(JSON.stringify(document))
  }
}
