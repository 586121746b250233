import { ConfigCommand } from '../../cli/config-command.ts'
import { asList } from '../../cli/flags.ts'
import { ownSlotArgs, takeNewKey } from '../../cli/key-args.ts'
import { agreeToDoubtful } from '../../cli/key-input.ts'
import { nextText, rotatedJson, rotatedText, rotateEventText } from '../../cli/report/rotate.ts'
import { rotateFlags } from '../../cli/rotate-flags.ts'
import { whichSlot } from '../../cli/which-slot.ts'
import { EXIT } from '../../errors.ts'

export default class KeysRotate extends ConfigCommand {
  static override summary =
    'Put a new key in the place of another, without a failed request and with a way back.'
  static override description =
    'Reads the new key as `keys set` does, asks its provider, keeps the old key, writes the new one and sees every running gateway of the config take it up. Each step is written down first: when it is stopped, the next call goes on, and --undo goes back. Exits 1 when the new key does not work, or when a gateway does not take it up in time.'
  static override examples = [
    '<%= config.bin %> keys rotate openai',
    '<%= config.bin %> keys rotate openai < new-key.txt',
    '<%= config.bin %> keys rotate openai --undo',
  ]
  static override args = ownSlotArgs
  static override flags = rotateFlags

  async run(): Promise<object> {
    const { args, flags } = await this.parse(KeysRotate)
    const { finishRotation, rotateKey, undoRotation } = await import('../../keys/rotate.ts')
    const act = flags.undo ? undoRotation : flags.finish ? finishRotation : rotateKey
    let checked: string | undefined
    const rotated = await act({
      load: this.loadOptions(flags),
      name: args.name ?? (await whichSlot(await this.load(flags), this.promptFor(flags))),
      newKey: slot => takeNewKey(slot, flags, this.keyInput(flags)),
      agreeUnchecked: (key, slot) =>
        agreeToDoubtful(key, slot, { yes: flags.yes, prompt: this.promptFor(flags) }),
      check: flags.check,
      connectTo: asList(flags['connect-to']),
      waitMs: flags.wait * 1000,
      keepMs: flags.keep * 3_600_000,
      onEvent: event => {
        if (event.step === 'checked') checked = event.result
        const text = rotateEventText(event, this.terminal)
        if (text !== '') this.note(text)
      },
      onSecret: secret => this.registerSecret(secret),
    })
    if (!rotated.gateways.every(gateway => gateway.hasKey)) this.endWith(EXIT.findings)
    const done = flags.undo ? 'went back' : flags.finish ? 'finished' : 'rotated'
    this.sayProse(rotatedText(rotated, done, this.terminal))
    for (const line of nextText(rotated, { isFinish: flags.finish, checked })) this.note(line)
    return rotatedJson(rotated, { cwd: process.cwd(), checked })
  }
}
