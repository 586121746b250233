import { Flags } from '@oclif/core'
import { ConfigCommand } from '../../cli/config-command.ts'
import { writeFlags } from '../../cli/flags.ts'
import { ownSlotArgs, placeFlags, placeOf } from '../../cli/key-args.ts'
import { findKeyChange, keyNow, requireKey, requireReadsBack } from '../../cli/key-change.ts'
import { moveKey } from '../../cli/move-key.ts'
import { changeWord, keyChangeJson } from '../../cli/report/key-change.ts'
import { whichSlot } from '../../cli/which-slot.ts'
import { noteMoved, noteMoving, placeOrNone } from '../../secrets/index.ts'
import type { SourcePlace } from '../../secrets/keep.ts'
import { keyPlace } from '../../secrets/rotation/journal.ts'
import { refuseLostWayBack } from '../../secrets/rotation/kept.ts'
import { barePlace } from '../../secrets/rotation/places.ts'
import { nowInConfig } from '../../setup/after-store.ts'
import { planForgetOld } from '../../setup/forget-key.ts'
import { refuseOverruled } from '../../setup/other-key.ts'
import { planStoreKey, type StoreMethod } from '../../setup/store-key.ts'
import { suggested } from '../../suggested.ts'

export default class KeysMove extends ConfigCommand {
  static override summary =
    'Move a key to another place: its value and the reference to it; the old copy is removed.'
  static override description =
    'The value is written to its new place and read back from there before the old copy is removed. Comments and formatting stay. It shows every change and asks first; --yes answers.'
  static override examples = [
    '<%= config.bin %> keys move openai --to file',
    '<%= config.bin %> keys move openai --to env --yes',
    '<%= config.bin %> keys move openai --to keychain --dry-run',
  ]
  static override args = ownSlotArgs
  static override flags = {
    to: Flags.string({
      summary: 'The method that keeps it from then on.',
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
    const named = await this.load(flags)
    const name = args.name ?? (await whichSlot(named, this.promptFor(flags)))
    const change = await findKeyChange(named, name, cwd)
    if (!flags['dry-run']) await this.forgetExpired(change.loaded)
    const { slot, loaded } = change
    const key = requireKey(change, flags.to)
    this.registerSecret(key)
    const request = { slot, value: key, method: flags.to as StoreMethod, ...placeOf(flags), isMoved: true }
    const plan = await planStoreKey(request, change.place)
    await refuseLostWayBack(slot, plan, { config: loaded.path, cwd, env: process.env })
    if (plan.variable !== undefined) refuseOverruled(plan.variable, key, process.env)
    const old = await planForgetOld({ ...change, cwd, env: process.env }, plan)
    const again = { load: this.loadOptions(flags), path: loaded.path, name: slot.name }
    const inClear = nowInConfig(plan, slot, loaded.document.file)
    const options = { ...this.writeOptions(flags), warnings: inClear === undefined ? [] : [inClear] }
    const on = {
      config: loaded.path,
      folder: loaded.folder,
      dotenv: loaded.dotenv,
      value: key,
      keyPlace: keyPlace(slot, cwd),
      noteMoving: async (to: SourcePlace | undefined) => {
        const from = placeOrNone(slot, { ...loaded, config: loaded.path, cwd, env: process.env })
        const places = [from, to && barePlace(to.entry)].filter(one => one !== undefined)
        await noteMoving(loaded.path, slot.name, { key, places }, process.env)
      },
      keyNow: () => keyNow(again),
      requireReadsBack: () => requireReadsBack(again, key),
    }
    const { changed, files } = await moveKey(plan, old, on, options)
    if (changed && !flags['dry-run']) await noteMoved(loaded.path, slot.name, key, process.env)
    if (changed && slot.method === 'inline')
      this.warning(
        `copies of the config and its history in git may still hold the key: ${suggested('keys', 'scan')}`,
      )
    const word = this.terminal.style('green', changeWord('moved', 'move', changed, flags['dry-run']))
    this.sayProse(`${word} ${slot.name} to ${plan.method}  ${key.fingerprint()}`)
    return keyChangeJson({ name: slot.name, method: plan.method, changed, key, previous: key, files })
  }
}
