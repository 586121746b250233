import { Args } from '@oclif/core'
import { ConfigCommand } from '../../cli/config-command.ts'
import { asList, connectToFlag } from '../../cli/flags.ts'
import { checkText } from '../../cli/report/keys.ts'
import { EXIT } from '../../errors.ts'

export default class KeysCheck extends ConfigCommand {
  static override summary = 'Ask each provider, by a call that is not billed, whether its key works.'
  static override description =
    'A key goes to the host that the gateway would send it to and nowhere else, in a header, over TLS. Where the answer does not tell, the result is indeterminate, and says why. Exits 1 when a key is invalid, 4 when there is none.'
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
    const loaded = await this.load(flags)
    const { checkKeys } = await import('../../keys/check.ts')
    const keys = await checkKeys(loaded, {
      names: args.name ?? [],
      cwd: process.cwd(),
      env: process.env,
      connectTo: asList(flags['connect-to']),
      onSecret: secret => this.registerSecret(secret),
    })
    if (keys.some(key => key.result === 'invalid')) this.endWith(EXIT.findings)
    else if (keys.some(key => key.fingerprint === undefined)) this.endWith(EXIT.secret)
    this.say(checkText(keys, this.terminal))
    return {
      keys: keys.map(({ slot, result, status, host, detail, limited, fingerprint }) => ({
        name: slot.name,
        provider: slot.provider,
        result,
        status: status ?? null,
        detail,
        host: host ?? null,
        limited,
        fingerprint: fingerprint ?? null,
      })),
    }
  }
}
