import { Flags } from '@oclif/core'
import { ConfigCommand } from '../../cli/config-command.ts'
import { writeFlags } from '../../cli/flags.ts'
import { dateFlag, placeFlags, placeOf, slotArgs } from '../../cli/key-args.ts'
import { carryOut, findKeyChange } from '../../cli/key-change.ts'
import { readKey } from '../../cli/key-input.ts'
import { Prompt } from '../../cli/prompt.ts'
import { shortPath } from '../../cli/write-files.ts'
import { AgwError } from '../../errors.ts'
import { applySecret, secretName } from '../../kubernetes/index.ts'
import { noteKey } from '../../secrets/index.ts'
import type { Secret } from '../../secrets/secret.ts'
import { notesAfterStore } from '../../setup/after-store.ts'
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
    'from-env': Flags.string({
      summary: 'Take the key from a variable.',
      helpValue: 'VAR',
      exclusive: ['from-file'],
      env: 'AGW_KEY_FROM_ENV',
    }),
    'from-file': Flags.string({
      summary: 'Take the key from a file; - is standard input.',
      helpValue: 'PATH',
      env: 'AGW_KEY_FROM_FILE',
    }),
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
    const change = await findKeyChange(await this.load(flags), args.name, cwd)
    const { slot, slots, loaded, before } = change
    this.registerSecret(before)
    const prompt = new Prompt({ allowed: this.canAsk(flags) })
    const key = await readKey(
      { fromEnv: flags['from-env'], fromFile: flags['from-file'] },
      { message: `New key for ${slot.name} (hidden)`, provider: slot.provider },
      {
        cwd,
        env: process.env,
        stdin: process.stdin,
        prompt,
        terminal: this.terminal,
        redactor: this.redactor,
      },
    )
    if (key === undefined) throw new AgwError('INPUT_NEEDED', 'no key was given')
    const plan = await planStoreKey(
      { slot, value: key, method: flags.method as StoreMethod | undefined, ...placeOf(flags) },
      change.place,
    )
    const stored = await carryOut(plan, key, loaded.folder, this.writeOptions(flags, prompt))
    if (plan.method === 'kubernetes' && !flags['dry-run']) await this.#sendToCluster(slot.name, key, flags)
    if (plan.variable !== undefined && plan.method !== 'kubernetes') this.#warnShadowed(plan.variable, key)
    const former = { slot, key: before, slots, cwd, shown: (path: string) => shortPath(cwd, path), ...loaded }
    for (const note of await notesAfterStore(plan, former)) this.warning(note)
    const changed = plan.method === 'kubernetes' ? !flags['dry-run'] : stored.changed
    if (!flags['dry-run']) await this.#remember(loaded.path, slot.name, key, flags.expires)
    const result = {
      name: slot.name,
      method: plan.method,
      changed,
      fingerprint: key.fingerprint(),
      previousFingerprint: before?.fingerprint() ?? null,
      files: stored.files,
    }
    const word = flags['dry-run'] ? 'would store' : changed ? 'stored' : 'unchanged'
    this.say(`${this.terminal.style('green', word)} ${slot.name} (${plan.method})  ${result.fingerprint}`)
    return result
  }

  /** When it was set and when it ends, for `keys list`. */
  async #remember(config: string, name: string, key: Secret, expires: Date | undefined): Promise<void> {
    const note = { fingerprint: key.fingerprint(), setAt: new Date().toISOString() }
    const until = expires === undefined ? {} : { expiresAt: expires.toISOString() }
    await noteKey(config, name, { ...note, ...until }, process.env)
  }

  async #sendToCluster(
    name: string,
    key: Secret,
    flags: { namespace: string; context?: string | undefined },
  ): Promise<void> {
    const target = { name: secretName(name), namespace: flags.namespace }
    const { oldCopyInAnnotation } = await applySecret({
      ...target,
      key,
      env: process.env,
      ...(flags.context !== undefined && { context: flags.context }),
    })
    this.note(`sent Secret ${target.namespace}/${target.name} through kubectl, on its standard input`)
    if (oldCopyInAnnotation) {
      const where = `kubectl annotate -n ${target.namespace} secret/${target.name} kubectl.kubernetes.io/last-applied-configuration-`
      this.warning(
        `an annotation of it holds an older key in clear text: remove it with \`${where}\`, and change that key at the provider`,
      )
    }
  }

  /** The shell's own value wins over .env, so a stored key may have no effect here. */
  #warnShadowed(variable: string, key: Secret): void {
    const shell = process.env[variable]
    if (shell === undefined || shell === key.reveal()) return
    this.warning(
      `${variable} is also set in this shell, with another value, and that one wins: unset ${variable}`,
    )
  }
}
