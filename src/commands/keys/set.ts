import { Flags } from '@oclif/core'
import { ConfigCommand } from '../../cli/config-command.ts'
import { writeFlags } from '../../cli/flags.ts'
import { dateFlag, newKeyFlags, placeFlags, placeOf, slotArgs, takeNewKey } from '../../cli/key-args.ts'
import { carryOut, findKeyChange } from '../../cli/key-change.ts'
import { shortPath } from '../../cli/write-files.ts'
import { noteStored } from '../../secrets/index.ts'
import { notesAfterStore } from '../../setup/after-store.ts'
import { sendToCluster } from '../../setup/send-to-cluster.ts'
import { planStoreKey, STORE_METHODS, type StoreMethod } from '../../setup/store-key.ts'

export default class KeysSet extends ConfigCommand {
  static override summary = "Store a backend's key where the config refers to it."
  static override description =
    'The key comes from a hidden question, from standard input, from a variable or from a file. There is no flag for the key itself: arguments are seen by every process of the machine.'
  static override examples = [
    '<%= config.bin %> keys set openai',
    '<%= config.bin %> keys set openai < key.txt',
    '<%= config.bin %> keys set openai --from-env OPENAI_API_KEY --method file',
  ]
  static override args = slotArgs
  static override flags = {
    ...newKeyFlags('the key'),
    method: Flags.string({
      summary: 'Move the reference to another method in the same step.',
      options: [...STORE_METHODS],
      env: 'AGW_METHOD',
    }),
    ...placeFlags,
    expires: dateFlag({
      summary: 'The day on which the provider ends the key, for `keys list` to remind of.',
      helpValue: 'YYYY-MM-DD',
      env: 'AGW_KEY_EXPIRES',
    }),
    namespace: Flags.string({
      summary: 'The namespace, for --method kubernetes.',
      helpValue: 'NAME',
      default: 'agentgateway-system',
      env: 'AGW_NAMESPACE',
    }),
    context: Flags.string({
      summary: 'The kubectl context, for --method kubernetes.',
      helpValue: 'NAME',
      env: 'AGW_KUBE_CONTEXT',
    }),
    ...writeFlags,
  }

  async run(): Promise<object> {
    const { args, flags } = await this.parse(KeysSet)
    const cwd = process.cwd()
    const env = process.env
    const change = await findKeyChange(await this.load(flags), args.name, cwd)
    const { slot, slots, loaded, before } = change
    this.registerSecret(before)
    const key = await takeNewKey(slot, flags, this.keyInput(flags))
    const plan = await planStoreKey(
      { slot, value: key, method: flags.method as StoreMethod | undefined, ...placeOf(flags) },
      change.place,
    )
    const dryRun = flags['dry-run']
    const stored = await carryOut(plan, key, loaded.folder, this.writeOptions(flags))
    const isSent = plan.method === 'kubernetes' && !dryRun
    if (isSent) {
      const { namespace, context } = flags
      const sent = await sendToCluster({ slot: slot.name, key, namespace, context, env })
      this.note(sent.done)
      if (sent.warning !== undefined) this.warning(sent.warning)
    }
    const former = {
      slot,
      key: before,
      slots,
      cwd,
      env,
      shown: (path: string) => shortPath(cwd, path),
      ...loaded,
    }
    for (const note of await notesAfterStore(plan, key, former)) this.warning(note)
    if (!dryRun) await noteStored(loaded.path, slot.name, key, flags.expires, env)
    const changed = plan.method === 'kubernetes' ? isSent : stored.changed
    const fingerprint = key.fingerprint()
    const word = dryRun ? 'would store' : changed ? 'stored' : 'unchanged'
    this.say(`${this.terminal.style('green', word)} ${slot.name} (${plan.method})  ${fingerprint}`)
    return {
      name: slot.name,
      method: plan.method,
      changed,
      fingerprint,
      previousFingerprint: before?.fingerprint() ?? null,
      files: stored.files,
    }
  }
}
