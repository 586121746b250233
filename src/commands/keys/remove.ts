import { ConfigCommand } from '../../cli/config-command.ts'
import { writeFlags } from '../../cli/flags.ts'
import { slotArgs } from '../../cli/key-args.ts'
import { findKeyChange, forget } from '../../cli/key-change.ts'
import { AgwError } from '../../errors.ts'
import { planRemoval } from '../../setup/forget-key.ts'

export default class KeysRemove extends ConfigCommand {
  static override summary = 'Remove the stored value of a key; the reference to it stays.'
  static override description =
    'Asks first, or wants --yes. The key still works at its provider until it is ended there.'
  static override examples = [
    '<%= config.bin %> keys remove openai',
    '<%= config.bin %> keys remove openai --yes',
  ]
  static override args = slotArgs
  static override flags = writeFlags

  async run(): Promise<object> {
    const { args, flags } = await this.parse(KeysRemove)
    const cwd = process.cwd()
    const change = await findKeyChange(await this.load(flags), args.name, cwd)
    const { slot, before, loaded } = change
    this.registerSecret(before)
    const options = this.writeOptions(flags)
    const plan = await planRemoval({ ...change, cwd })
    if (!flags['dry-run'] && !flags.yes) {
      const shown = before === undefined ? '' : ` (${before.fingerprint()})`
      const go = await options.prompt.confirm('--yes', `Remove the key of ${slot.name}${shown}?`, false)
      if (!go) throw new AgwError('DECLINED', 'nothing was removed')
    }
    const { changed, files } = await forget(plan, loaded.folder, options)
    const word = flags['dry-run'] ? 'would remove' : changed ? 'removed' : 'unchanged:'
    this.say(`${this.terminal.style('green', word)} the key of ${slot.name}`)
    if (changed) this.note('end it at its provider too: whoever has a copy can use it')
    return {
      name: slot.name,
      method: slot.method,
      changed,
      fingerprint: null,
      previousFingerprint: before?.fingerprint() ?? null,
      files,
    }
  }
}
