import { Flags } from '@oclif/core'
import { ConfigCommand } from '../../cli/config-command.ts'
import { writeFlags } from '../../cli/flags.ts'
import { placeFlags, placeOf, slotArgs } from '../../cli/key-args.ts'
import { carryOut, findKeyChange, forget, requireReadsBack } from '../../cli/key-change.ts'
import { AgwError } from '../../errors.ts'
import { planForgetOld } from '../../setup/forget-key.ts'
import { planStoreKey, type StoreMethod } from '../../setup/store-key.ts'

export default class KeysMove extends ConfigCommand {
  static override summary =
    'Keep a key somewhere else: the value moves, the reference with it, the old copy goes.'
  static override description =
    'The value is written to its new place and read back from there before the old copy is removed. Comments and form of the files stay.'
  static override examples = [
    '<%= config.bin %> keys move openai --to file',
    '<%= config.bin %> keys move openai --to keychain --dry-run',
  ]
  static override args = slotArgs
  static override flags = {
    to: Flags.string({
      summary: 'The method that shall keep it.',
      options: ['env', 'file', 'keychain', 'encrypted', 'inline'],
      required: true,
      env: 'AGW_MOVE_TO',
    }),
    ...placeFlags,
    ...writeFlags,
  }

  async run(): Promise<object> {
    const { args, flags } = await this.parse(KeysMove)
    const cwd = process.cwd()
    const change = await findKeyChange(await this.load(flags), args.name, cwd)
    const { slot, before: value, loaded } = change
    if (value === undefined) {
      throw new AgwError('SECRET_MISSING', `${slot.name} has no key that could be moved`, {
        hint: `store one there: agw keys set ${slot.name} --method ${flags.to}`,
      })
    }
    this.registerSecret(value)
    const options = this.writeOptions(flags)
    const plan = await planStoreKey(
      { slot, value, method: flags.to as StoreMethod, ...placeOf(flags) },
      change.place,
    )
    const old = await planForgetOld({ ...change, cwd }, plan)
    const stored = await carryOut(plan, value, loaded.folder, options)
    if (!flags['dry-run']) await requireReadsBack(this.loadOptions(flags), loaded.path, slot.name, value)
    const gone = await forget(old, loaded.folder, options)
    const changed = stored.changed || gone.changed
    if (changed && slot.method === 'inline')
      this.warning('copies of the config and its history in git may still hold the key: agw keys scan')
    const fingerprint = value.fingerprint()
    const word = flags['dry-run'] ? 'would move' : changed ? 'moved' : 'unchanged'
    this.say(`${this.terminal.style('green', word)} ${slot.name} to ${plan.method}  ${fingerprint}`)
    return {
      name: slot.name,
      method: plan.method,
      changed,
      fingerprint,
      previousFingerprint: fingerprint,
      files: [...stored.files, ...gone.files],
    }
  }
}
