import { ConfigCommand } from '../../cli/config-command.ts'
import { keySetFlags, ownSlotArgs, placeOf, takeNewKey } from '../../cli/key-args.ts'
import { findKeyChange } from '../../cli/key-change.ts'
import { changeWord, keyChangeJson } from '../../cli/report/key-change.ts'
import { setKey } from '../../cli/set-key.ts'
import { whichSlot } from '../../cli/which-slot.ts'
import type { Secret } from '../../secrets/secret.ts'
import { withPlainValues } from '../../setup/as-yaml.ts'
import { requirePlaceForKey, type StoreMethod } from '../../setup/store-key.ts'

export default class KeysSet extends ConfigCommand {
  static override summary = "Store a backend's key where the config refers to it."
  static override description =
    'The key comes from a hidden question, from standard input, from a variable or from a file. There is no flag for the key itself: arguments are seen by every process of the machine. Without a terminal it is stored without a further question.'
  static override examples = [
    '<%= config.bin %> keys set openai',
    '<%= config.bin %> keys set openai < key.txt',
    '<%= config.bin %> keys set openai --from-env OPENAI_API_KEY --method file',
  ]
  static override args = ownSlotArgs
  static override flags = keySetFlags

  async run(): Promise<object> {
    const { args, flags } = await this.parse(KeysSet)
    const method = flags.method as StoreMethod | undefined
    let given: Secret | undefined
    const { set, key } = await this.changing(flags, async found => {
      const loaded = withPlainValues(found)
      const name = args.name ?? (await whichSlot(loaded, this.promptFor(flags)))
      const change = await findKeyChange(loaded, name, process.cwd())
      if (!flags['dry-run']) await this.forgetExpired(change.loaded)
      this.registerSecret(change.before)
      await requirePlaceForKey({ slot: change.slot, method }, change.place, process.env)
      // What came through a pipe does not come again.
      given ??= await takeNewKey(change.slot, flags, this.keyInput(flags))
      const done = await setKey(change, given, {
        ...this.writeOptions(flags),
        request: { method, ...placeOf(flags) },
        namespace: flags.namespace,
        context: flags.context,
        expires: flags.expires,
        onWarning: text => this.warning(text),
      })
      return { set: done, key: given }
    })
    const word = this.terminal.style('green', changeWord('stored', 'store', set.changed, flags['dry-run']))
    // Of the methods that keep it in a file of this machine, the file is the first that is written.
    const file = ['env', 'file'].includes(set.method) ? set.files[0]?.file : undefined
    const place = file === undefined ? set.method : `${set.method}, ${file}`
    this.sayProse(`${word} ${set.name} (${place})  ${key.fingerprint()}`)
    return keyChangeJson(set)
  }
}
