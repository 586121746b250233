import { Args } from '@oclif/core'
import { ConfigCommand } from '../cli/config-command.ts'
import { asList } from '../cli/flags.ts'
import { routeTestText } from '../cli/report/route-test.ts'
import { routeTestJson } from '../cli/report/route-test-json.ts'
import { clientKeys, testRouteFlags, wantedRequest } from '../cli/test-route-flags.ts'
import { AgwError, EXIT } from '../errors.ts'

export default class TestRoute extends ConfigCommand {
  static override summary = 'Show which way a request takes, which key it gets, and what comes back.'
  static override description =
    'Sends one request through the config, on a gateway started for the moment unless --url names one that runs. With --explain nothing is sent and no key is needed.'
  static override examples = [
    '<%= config.bin %> test-route',
    '<%= config.bin %> test-route /v1/chat/completions --model gpt-4o-mini --prompt "Say hello"',
    '<%= config.bin %> test-route /v1/models --method GET --explain',
  ]
  // The library's own line falls apart where flags exclude each other in several ways.
  static override usage = 'test-route [PATH] [FLAGS]'
  static override args = {
    path: Args.string({
      // The library would take a missing argument from standard input, where keys come in.
      ignoreStdin: true,
      description: 'The path of the request.',
      default: '/v1/chat/completions',
    }),
  }
  static override flags = testRouteFlags

  async run(): Promise<object> {
    const { args, flags } = await this.parse(TestRoute)
    const { secretsGiven, testRoute } = await import('../test-route/test-route.ts')
    if (flags.file === '-' && flags['key-from-stdin'])
      throw new AgwError('USAGE', 'standard input cannot hold both the config and the key', {
        hint: 'give the key with --key-from-env VAR',
      })
    const request = wantedRequest(args.path, flags)
    for (const secret of secretsGiven(request)) this.redactor.add(secret)
    const result = await this.waiting(flags.explain ? 'reading the config' : 'waiting for the answer', () =>
      testRoute({
        load: this.loadOptions(flags),
        request,
        url: flags.url,
        explain: flags.explain,
        mock: flags.mock,
        certificate: { cert: flags.cert, key: flags['cert-key'] },
        connectTo: asList(flags['connect-to']),
        expectStatus: flags['expect-status'],
        timeoutMs: flags.timeout * 1000,
        onLoaded: loaded => this.makeKnown(loaded),
        onSecret: secret => this.redactor.add(secret),
        onNote: message => this.note(this.terminal.style('dim', message, 'err')),
        keys: clientKeys(flags, this.keyInput(flags)),
      }),
    )
    if (!result.ok) this.endWith(EXIT.findings)
    this.say(routeTestText(result, this.terminal))
    const found = routeTestJson(result)
    return result.trouble === undefined ? found : this.failBeside(found, result.trouble)
  }
}
