import { ConfigCommand } from '../../cli/config-command.ts'
import { writeFlags } from '../../cli/flags.ts'
import { slotArgs } from '../../cli/key-args.ts'
import { findKeyChange } from '../../cli/key-change.ts'
import { removeKey } from '../../cli/move-key.ts'
import { changeWord, keyChangeJson } from '../../cli/report/key-change.ts'
import type { KeySlot } from '../../config/index.ts'
import type { LoadedConfig } from '../../load.ts'
import { forgetWith } from '../../secrets/index.ts'
import { withPlainValues } from '../../setup/as-yaml.ts'
import { planRemoval } from '../../setup/forget-key.ts'

export default class KeysRemove extends ConfigCommand {
  static override summary = 'Remove the stored value of a key; the reference to it stays.'
  static override description =
    'It asks first; --yes answers. The key still works at its provider until it is revoked there.'
  static override examples = [
    '<%= config.bin %> keys remove openai',
    '<%= config.bin %> keys remove openai --yes',
  ]
  static override args = slotArgs
  static override flags = writeFlags

  async run(): Promise<object> {
    const { args, flags } = await this.parse(KeysRemove)
    const cwd = process.cwd()
    const change = await findKeyChange(withPlainValues(await this.load(flags)), args.name, cwd)
    const { slot, before, loaded } = change
    this.registerSecret(before)
    const plan = await planRemoval({ ...change, cwd, env: process.env })
    const shown = before === undefined ? '' : ` (${before.fingerprint()})`
    const question = `Remove the key of ${slot.name}${shown}?`
    const shownKey = { folder: loaded.folder, seen: before }
    const { changed, files } = await removeKey(plan, question, shownKey, this.writeOptions(flags))
    if (!flags['dry-run']) await this.#forgetKept(loaded, slot)
    const word = changeWord('removed', 'remove', changed, flags['dry-run'])
    const others = plan.losers === '' ? '' : `, which is also that of ${plan.losers}`
    this.sayProse(`${this.terminal.style('green', word)} the key of ${slot.name}${others}`)
    if (changed) this.note('end it at its provider too: whoever has a copy can use it')
    const { name, method } = slot
    return keyChangeJson({ name, method, changed, key: undefined, previous: before, files })
  }

  /** A key that is to be gone has no way back. */
  async #forgetKept(loaded: LoadedConfig, slot: KeySlot): Promise<void> {
    await this.forgetExpired(loaded)
    const kept = await forgetWith(loaded, slot, { cwd: process.cwd(), env: process.env })
    if (kept === undefined) return
    if (kept.result === 'forgotten')
      this.note(`the key before it, ${kept.fingerprint}, which a rotation had kept, is gone too`)
    else this.warning(`${kept.place}, where a rotation had kept the key before it: ${kept.why ?? ''}`)
  }
}
