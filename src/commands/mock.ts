import { BaseCommand } from '../cli/base-command.ts'
import { mockFlags, mockOptions, seenText } from '../cli/mock-flags.ts'
import { untilSignal } from '../cli/signals.ts'
import { EXIT } from '../errors.ts'

export default class MockCommand extends BaseCommand {
  static override summary =
    'Run the built-in provider: OpenAI-, Azure-, Anthropic-, Gemini- and Bedrock-shaped answers, JSON and streamed.'
  static override description =
    'For tests and first steps without a key. It refuses a missing key as the real ones do, and a wrong one when --key-from-env names the right one. It calls a tool where the request demands one.'
  static override examples = [
    '<%= config.bin %> mock --port 9000',
    '<%= config.bin %> mock --fail-status 429 --fail-rate 0.5',
    '<%= config.bin %> mock --latency 300 --chunk-delay 50',
  ]
  static override flags = mockFlags

  async run(): Promise<object> {
    const { flags } = await this.parse(MockCommand)
    const { startMock } = await import('../mock/index.ts')
    const options = mockOptions(flags, process.env)
    for (const key of options.keys ?? []) this.redactor.add(key)
    const mock = await startMock({ ...options, onRequest: seen => this.note(seenText(seen)) })
    // Heard before its first word: whoever reads that may send a signal at once.
    const stopping = untilSignal()
    if (this.jsonEnabled()) this.terminal.out(JSON.stringify({ event: 'listening', address: mock.url }))
    this.sayProse(`the mock provider listens on ${this.terminal.style('bold', mock.url)}  (Ctrl-C stops it)`)
    const signal = await stopping
    await mock.close()
    this.endWith(signal === 'SIGINT' ? EXIT.interrupted : EXIT.ok)
    return { event: 'stopped', requests: mock.requests }
  }

  /** One object per line, like `serve`. */
  protected override logJson(document: unknown): void {
    this.terminal.out(JSON.stringify(document))
  }
}
