import { Flags } from '@oclif/core'
import { BaseCommand } from '../cli/base-command.ts'
import { asList, hostFlag } from '../cli/flags.ts'
import { fromEnvironment } from '../cli/key-input.ts'
import { seenText, shareFlag } from '../cli/mock.ts'
import { untilSignal } from '../cli/signals.ts'
import { EXIT } from '../errors.ts'

export default class MockCommand extends BaseCommand {
  static override summary =
    'Run the built-in provider: OpenAI-, Azure-, Anthropic- and Gemini-shaped answers, JSON and streamed.'
  static override description =
    'For tests and first steps without a key. It refuses a missing key as the real ones do, and a wrong one when --key-from-env names the right one.'
  static override examples = [
    '<%= config.bin %> mock --port 9000',
    '<%= config.bin %> mock --fail-status 429 --fail-rate 0.5',
    '<%= config.bin %> mock --latency 300 --chunk-delay 50',
  ]
  static override flags = {
    host: hostFlag,
    port: Flags.integer({
      summary: 'The port; 0 takes a free one.',
      min: 0,
      max: 65_535,
      default: 9000,
      env: 'AGW_MOCK_PORT',
    }),
    'key-from-env': Flags.string({
      summary: 'Only the key in this variable is right; repeat for several.',
      helpValue: 'VAR',
      multiple: true,
      env: 'AGW_MOCK_KEY_FROM_ENV',
    }),
    latency: Flags.integer({
      summary: 'Wait so many milliseconds before an answer.',
      min: 0,
      default: 0,
      env: 'AGW_MOCK_LATENCY',
    }),
    'chunk-delay': Flags.integer({
      summary: 'Wait so many milliseconds between streamed events.',
      min: 0,
      default: 0,
      env: 'AGW_MOCK_CHUNK_DELAY',
    }),
    'fail-status': Flags.integer({
      summary: "Answer with this status and the provider's own error body.",
      min: 400,
      max: 599,
      env: 'AGW_MOCK_FAIL_STATUS',
    }),
    'fail-rate': shareFlag({
      summary: 'Which share of the requests fails, from 0 to 1.',
      helpValue: 'SHARE',
      dependsOn: ['fail-status'],
      env: 'AGW_MOCK_FAIL_RATE',
    }),
    'cut-after': Flags.integer({
      summary: 'Cut the connection after so many bytes of an answer.',
      min: 0,
      env: 'AGW_MOCK_CUT_AFTER',
    }),
    hang: Flags.boolean({ summary: 'Take requests and never answer.', env: 'AGW_MOCK_HANG' }),
  }

  async run(): Promise<object> {
    const { flags } = await this.parse(MockCommand)
    const { startMock } = await import('../mock/index.ts')
    const keys = asList(flags['key-from-env']).map(name =>
      fromEnvironment(name, process.env, 'export it first; without the flag, any key is right'),
    )
    for (const key of keys) this.redactor.add(key)
    const mock = await startMock({
      host: flags.host,
      port: flags.port,
      ...(flags['key-from-env'] && { keys }),
      latencyMs: flags.latency,
      chunkDelayMs: flags['chunk-delay'],
      ...(flags['fail-status'] !== undefined && { failStatus: flags['fail-status'] }),
      ...(flags['fail-rate'] !== undefined && { failRate: flags['fail-rate'] }),
      ...(flags['cut-after'] !== undefined && { cutAfterBytes: flags['cut-after'] }),
      hang: flags.hang,
      onRequest: seen => this.note(seenText(seen)),
    })
    // Heard before its first word: whoever reads that may send a signal at once.
    const stopping = untilSignal()
    if (this.jsonEnabled()) this.terminal.out(JSON.stringify({ event: 'listening', address: mock.url }))
    this.say(`the mock provider listens on ${this.terminal.style('bold', mock.url)}  (Ctrl-C stops it)`)
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
