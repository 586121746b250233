import { Args } from '@oclif/core'
import { ConfigCommand } from '../../cli/config-command.ts'
import { asList, connectToFlag } from '../../cli/flags.ts'
import { refuseKeyAsName } from '../../cli/key-args.ts'
import { checkJson, checkStatus, checkText } from '../../cli/report/keys.ts'

export default class KeysCheck extends ConfigCommand {
  static override summary = 'Ask each provider, by a call that is not billed, whether its key works.'
  static override description =
    'A key goes to the host that the gateway would send it to and nowhere else, in a header, over TLS. Where the answer does not tell, the result is indeterminate, and says why. Exits 1 when a key is invalid, else 4 when one is missing, else 5 when a provider could not be reached or failed.'
  static override examples = ['<%= config.bin %> keys check', '<%= config.bin %> keys check openai --json']
  static override args = {
    name: Args.string({
      ignoreStdin: true,
      multiple: true,
      description: 'Key slots, as `keys list` names them; all of them when there are none.',
    }),
  }
  static override flags = {
    'connect-to': connectToFlag(),
  }

  async run(): Promise<object> {
    const { args, flags } = await this.parse(KeysCheck)
    for (const name of args.name ?? []) refuseKeyAsName(name)
    const loaded = await this.load(flags)
    await this.forgetExpired(loaded)
    const { checkKeys } = await import('../../keys/check.ts')
    const keys = await this.waiting('asking the providers', () =>
      checkKeys(loaded, {
        names: args.name ?? [],
        cwd: process.cwd(),
        env: process.env,
        connectTo: asList(flags['connect-to']),
        onSecret: secret => this.registerSecret(secret),
      }),
    )
    this.endWith(checkStatus(keys))
    this.say(checkText(keys, this.terminal))
    return checkJson(keys)
  }
}
