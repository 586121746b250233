import { followChild } from '../cli/child.ts'
import { ConfigCommand, type ConfigFlagValues } from '../cli/config-command.ts'
import { refuseEmbeddedFlags } from '../cli/engine-flags.ts'
import { exposures } from '../cli/guard.ts'
import { isNote, liveEventText } from '../cli/report/live.ts'
import { serveFlags, serveOptions } from '../cli/serve-flags.ts'
import { hangups, untilSignal } from '../cli/signals.ts'
import type { AgwError } from '../errors.ts'
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
  static override flags = serveFlags

  async run(): Promise<object> {
    const { flags } = await this.parse(Serve)
    if (flags.engine === 'agentgateway') return this.#runEngine(flags)
    for (const what of exposures()) this.warning(what)
    const { serve } = await import('../serving/serve.ts')
    // Heard from the start on: whoever waits until it is ready may send the signal at once.
    const hangup = hangups(process.stdout.isTTY === true)
    let stopping: Promise<NodeJS.Signals> | undefined
    let giveUp = (_: AgwError): void => {}
    const gone = new Promise<AgwError>(resolve => {
      giveUp = resolve
    })
    const running = await serve({
      ...serveOptions(flags, {
        version: this.config.version,
        root: this.config.root,
        redact: text => this.redactor.redact(text),
        onNote: message => this.#tell({ event: 'note', message }),
        onGone: error => giveUp(error),
      }),
      load: this.loadOptions(flags),
      onSecret: secret => this.redactor.add(secret),
      onEvent: event => {
        // From its first word on, a signal means an orderly end: whoever reads it may send one at once.
        stopping ??= untilSignal()
        this.#tell(event)
      },
    })
    hangup.call(() => void running.reload())
    const signal = await Promise.race([stopping ?? untilSignal(), gone])
    await running.close()
    if (signal instanceof Error) throw signal
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
