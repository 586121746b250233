import { followChild } from '../cli/child.ts'
import { ConfigCommand, type ConfigFlagValues } from '../cli/config-command.ts'
import { refuseEmbeddedFlags } from '../cli/engine-flags.ts'
import { givenValue } from '../cli/flag-words.ts'
import { exposures, outliveOutput } from '../cli/guard.ts'
import type { Failure } from '../cli/printed-failure.ts'
import { failureLine, isAnswer, liveEventLine, liveEventText } from '../cli/report/live.ts'
import { serveFlags, serveOptions } from '../cli/serve-flags.ts'
import { onHangup, untilSignal } from '../cli/signals.ts'
import type { AgwError } from '../errors.ts'
import { orMock } from '../mock-note.ts'
import type { LiveEvent, LiveGateway } from '../serving/live.ts'

/** How long a start that is under way may take when nobody wants it any more, in milliseconds. */
const START_PATIENCE_MS = 5000

/** What a collector has not answered may hold the process no longer, in milliseconds. */
const END_PATIENCE_MS = 250

function statusAfter(signal: NodeJS.Signals): number {
  return signal === 'SIGINT' ? 130 : 0
}

export default class Serve extends ConfigCommand {
  static override summary = 'Run the embedded gateway on a config, and follow its files.'
  static override description =
    'Requests go to the providers with the keys of the config; the config, .env and key files are watched and taken in as a whole. It listens on loopback unless --host says otherwise. Ctrl-C and SIGTERM end it once the requests under way have their answers, a second one at once; SIGHUP has it read everything again, unless it runs in a terminal.'
  static override examples = [
    '<%= config.bin %> serve',
    '<%= config.bin %> serve --mock',
    '<%= config.bin %> serve --host 0.0.0.0 --log-format json',
    '<%= config.bin %> serve --engine agentgateway',
  ]
  static override flags = serveFlags

  /** Of the log, once the config is read, which may say it. */
  #format: 'text' | 'json' | undefined

  async run(): Promise<object> {
    const { flags } = await this.parse(Serve)
    if (flags.engine === 'agentgateway') return this.#runEngine(flags)
    for (const message of exposures()) this.#tell({ event: 'warning', message, hint: '' })
    const { serve } = await import('../serving/serve.ts')
    // Heard from the start on: a signal means an orderly end at any time.
    const stopping = untilSignal()
    let isOver = false
    outliveOutput(message => {
      // What flushes the output at the end would find out, too.
      if (!isOver) this.#log({ event: 'warning', message, hint: '' })
    })
    let giveUp = (_: AgwError): void => {}
    const gone = new Promise<AgwError>(resolve => {
      giveUp = resolve
    })
    const unwanted = new AbortController()
    const starting = serve({
      ...serveOptions(flags, {
        version: this.config.version,
        root: this.config.root,
        redact: text => this.redactor.redact(text),
        onFormat: format => {
          this.#format = format
        },
        onGone: error => giveUp(error),
      }),
      load: this.loadOptions(flags),
      signal: unwanted.signal,
      onSecret: secret => this.redactor.add(secret),
      onEvent: event => {
        if (!isOver) this.#tell(event)
      },
    })
    const running = await this.waiting('reading the config and its keys', () =>
      Promise.race([starting, stopping]),
    ).catch((error: unknown) => {
      throw flags.mock ? error : orMock(error)
    })
    if (typeof running === 'string') {
      isOver = true
      unwanted.abort()
      return this.#endEarly(starting, running)
    }
    onHangup(() => void this.#reload(running))
    // A config may open no port at all, and the next one be better.
    const staying = setInterval(() => {}, 2 ** 30)
    const signal = await Promise.race([stopping, gone])
    clearInterval(staying)
    await running.close()
    isOver = true
    setTimeout(() => process.exit(), END_PATIENCE_MS).unref()
    if (signal instanceof Error) throw signal
    this.endWith(statusAfter(signal))
    return {}
  }

  /** Whoever asks for it is told, too, that there was nothing to take in. */
  async #reload(running: LiveGateway): Promise<void> {
    const { result } = await running.reload()
    if (result === 'unchanged') this.#tell({ event: 'note', message: 'read again: nothing has changed' })
  }

  /** The signal came before it served: what was being opened is closed, its workers too. */
  async #endEarly(starting: Promise<LiveGateway>, signal: NodeJS.Signals): Promise<object> {
    const status = statusAfter(signal)
    // A worker that does not answer would hold it up, and so would what a source has left open.
    const patience = setTimeout(() => process.exit(status), START_PATIENCE_MS)
    await starting.then(
      running => running.close(),
      () => {},
    )
    patience.unref()
    this.endWith(status)
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

  /** Events are the document, one a line. */
  #tell(event: LiveEvent): void {
    if (this.jsonEnabled()) this.terminal.out(this.json(event))
    else this.#log(event)
  }

  /** Standard output has where it listens, standard error the rest, whoever reads them. */
  #log(event: LiveEvent): void {
    const { terminal } = this
    const way = isAnswer(event) ? 'out' : 'err'
    if (this.#logsJson) return terminal[way](this.json(liveEventLine(event, new Date())))
    for (const line of liveEventText(event, terminal)) {
      if (way === 'err') this.note(line)
      else terminal.out(line)
    }
  }

  protected override tellFailure(failure: Failure): void {
    if (this.#logsJson) this.terminal.err(this.json(failureLine(failure, new Date())))
    else super.tellFailure(failure)
  }

  /** Standard error has the lines of requests in JSON: whoever reads them reads all of it. */
  get #logsJson(): boolean {
    return (this.#format ?? givenValue('log-format', this.argv, process.env['AGW_LOG_FORMAT'])) === 'json'
  }

  /** Failures keep the usual form, on one line too. */
  protected override logJson(document: object): void {
    if (Object.keys(document).length > 0) this.terminal.out(this.json(document))
  }
}
