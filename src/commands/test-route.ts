import { Args, Flags } from '@oclif/core'
import { ConfigCommand } from '../cli/config-command.ts'
import { asList, connectToFlag } from '../cli/flags.ts'
import { readKey } from '../cli/key-input.ts'
import { routeTestJson, routeTestText } from '../cli/report/route-test.ts'
import { EXIT } from '../errors.ts'

export default class TestRoute extends ConfigCommand {
  static override summary = 'Show which way a request takes, which key it gets, and what comes back.'
  static override description =
    'Sends one request through the config, on a gateway started for the moment unless --url names one that runs. With --explain nothing is sent and no key is needed.'
  static override examples = [
    '<%= config.bin %> test-route',
    '<%= config.bin %> test-route /v1/chat/completions --model gpt-4o-mini --prompt "Say hello"',
    '<%= config.bin %> test-route /v1/models --method GET --explain',
  ]
  static override args = {
    path: Args.string({
      // The library would take a missing argument from standard input, where keys come in.
      ignoreStdin: true,
      description: 'The path of the request.',
      default: '/v1/chat/completions',
    }),
  }
  static override flags = {
    model: Flags.string({ summary: 'The model in the request.', helpValue: 'NAME', env: 'AGW_MODEL' }),
    prompt: Flags.string({
      summary: 'What the request says.',
      default: 'Say hello in one word.',
      env: 'AGW_PROMPT',
    }),
    method: Flags.string({
      summary: 'The HTTP method; POST with a body unless told.',
      env: 'AGW_HTTP_METHOD',
    }),
    header: Flags.string({
      char: 'H',
      summary: 'A header, as in "name: value"; repeatable. Not for keys.',
      helpValue: 'HEADER',
      multiple: true,
      env: 'AGW_REQUEST_HEADER',
    }),
    'key-from-env': Flags.string({
      summary: "Take the client's own key from a variable, for a route that passes it on.",
      helpValue: 'VAR',
      env: 'AGW_KEY_FROM_ENV',
    }),
    'key-from-stdin': Flags.boolean({
      summary: "Read the client's own key from standard input.",
      exclusive: ['key-from-env'],
      env: 'AGW_KEY_FROM_STDIN',
    }),
    host: Flags.string({ summary: 'The Host of the request.', helpValue: 'NAME', env: 'AGW_REQUEST_HOST' }),
    port: Flags.integer({
      summary: 'Which port of the config, where it has several.',
      min: 1,
      max: 65_535,
      env: 'AGW_PORT',
    }),
    stream: Flags.boolean({ summary: 'Ask for a stream.', env: 'AGW_STREAM' }),
    url: Flags.string({
      summary: 'A gateway that runs already.',
      helpValue: 'URL',
      exclusive: ['explain', 'mock'],
      env: 'AGW_URL',
    }),
    explain: Flags.boolean({ summary: 'Send nothing: only say which way it would go.', env: 'AGW_EXPLAIN' }),
    mock: Flags.boolean({ summary: 'Let the built-in mock answer for the provider.', env: 'AGW_MOCK' }),
    'connect-to': connectToFlag({ exclusive: ['mock'] }),
    'expect-status': Flags.integer({
      summary: 'The status that counts as passed; any 2xx unless told.',
      min: 100,
      max: 599,
      env: 'AGW_EXPECT_STATUS',
    }),
    timeout: Flags.integer({
      summary: 'Give up after so many seconds.',
      min: 1,
      default: 60,
      env: 'AGW_TIMEOUT',
    }),
  }

  async run(): Promise<object> {
    const { args, flags } = await this.parse(TestRoute)
    const { testRoute } = await import('../test-route/test-route.ts')
    const headers = asList(flags.header, '\n')
    // A key may come in one, however often it is said that it should not.
    for (const header of headers) this.redactor.add(header.replace(/^[^:]*:\s*(?:\w+\s+)?/, ''))
    const result = await testRoute({
      load: this.loadOptions(flags),
      request: {
        path: args.path,
        method: flags.method,
        model: flags.model,
        prompt: flags.prompt,
        headers,
        host: flags.host,
        port: flags.port,
        stream: flags.stream,
      },
      url: flags.url,
      explain: flags.explain,
      mock: flags.mock,
      connectTo: asList(flags['connect-to']),
      expectStatus: flags['expect-status'],
      timeoutMs: flags.timeout * 1000,
      onSecret: secret => this.redactor.add(secret),
      onNote: message => this.note(this.terminal.style('dim', message, 'err')),
      clientKey: slot =>
        readKey(
          { fromStdin: flags['key-from-stdin'], fromEnv: flags['key-from-env'] },
          {
            message: `The client's own key for ${slot.name} (hidden)`,
            provider: slot.provider,
            optional: true,
          },
          this.keyInput(flags),
        ),
    })
    if (!result.ok) this.endWith(EXIT.findings)
    this.say(routeTestText(result, this.terminal))
    if (result.trouble !== undefined) throw result.trouble
    return routeTestJson(result)
  }
}
