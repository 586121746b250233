import { keySlots, MAX_CONFIG_BYTES } from '../config/index.ts'
import { AgwError } from '../errors.ts'
import { type LoadedConfig, type LoadOptions, loadConfig, loadUsable, type UsableConfig } from '../load.ts'
import { currentKeys, forgetExpired } from '../secrets/index.ts'
import type { Secret } from '../secrets/secret.ts'
import { BaseCommand } from './base-command.ts'
import { configFlags } from './flags.ts'
import { secretsIn } from './known-secrets.ts'
import { forgottenText } from './report/rotate.ts'
import { readStdinUpTo } from './stdin.ts'

/** How long a change is made anew of what others have written meanwhile. Milliseconds. */
const RETRY_MS = 30_000

/** The flags that say which config and which variables. */
export interface ConfigFlagValues {
  readonly file?: string | undefined
  readonly 'env-file'?: string | undefined
  readonly 'no-env-file'?: boolean | undefined
}

/** A command that works on a config file. */
export abstract class ConfigCommand extends BaseCommand {
  static override baseFlags = { ...BaseCommand.baseFlags, ...configFlags }
  #isFinal = false

  protected loadOptions(flags: ConfigFlagValues): LoadOptions {
    this.isAbout(flags.file)
    return {
      file: flags.file,
      env: process.env,
      cwd: process.cwd(),
      envFile: flags['no-env-file'] === true ? false : flags['env-file'],
      stdin: () => readStdinUpTo(process.stdin, MAX_CONFIG_BYTES + 1),
    }
  }

  /** Reads and checks; what is secret in it is known to the redactor afterwards. */
  protected async load(flags: ConfigFlagValues): Promise<LoadedConfig> {
    const loaded = await this.waiting('reading the config and its keys', () =>
      loadConfig(this.loadOptions(flags)),
    )
    this.makeKnown(loaded)
    return loaded
  }

  /** A config that can be run, or the error that says what is in the way. */
  protected async loadUsable(flags: ConfigFlagValues): Promise<UsableConfig> {
    const loaded = await this.waiting('reading the config and its keys', () =>
      loadUsable(this.loadOptions(flags)),
    )
    this.makeKnown(loaded)
    for (const { secret } of loaded.slots) this.registerSecret(secret)
    return loaded
  }

  /**
   * Reads and checks, and makes a change of that. Where somebody else has changed a file of it first, it is made once more of
   * what stands there by then, unless a person has looked at it: they agreed to what they saw.
   */
  protected async changing<T>(
    flags: ConfigFlagValues & { readonly yes?: boolean; readonly 'no-input'?: boolean },
    change: (loaded: LoadedConfig) => Promise<T>,
  ): Promise<T> {
    const until = performance.now() + RETRY_MS
    const isLookedAt = flags.yes !== true && this.promptFor(flags).allowed
    for (;;) {
      const loaded = await this.load(flags)
      try {
        return await change(loaded)
      } catch (error) {
        const isOvertaken = error instanceof AgwError && error.code === 'CONFIG_CHANGED'
        if (!isOvertaken || isLookedAt || this.#isFinal || performance.now() > until) throw error
        this.note(`${error.message}: the change is made once more, of what stands there now`)
      }
    }
  }

  /** From now on {@link changing} takes no for an answer: something was done that shall not be done twice. */
  protected tryOnce(): void {
    this.#isFinal = true
  }

  /** Takes the old keys of rotations away whose time is over, and says so. */
  protected async forgetExpired(loaded: LoadedConfig): Promise<void> {
    const { draft, document, variables } = loaded
    const [cwd, env] = [process.cwd(), process.env]
    const slots = draft === undefined ? [] : keySlots(draft, document)
    const keys = () => currentKeys(slots, variables, cwd)
    for (const one of await forgetExpired({ ...loaded, slots }, keys, { cwd, env })) {
      if (one.result === 'forgotten') this.note(forgottenText(one))
      else this.warning(forgottenText(one))
    }
  }

  protected registerSecret(secret: Secret | undefined): void {
    if (secret !== undefined) this.redactor.add(secret)
  }

  protected makeKnown(loaded: LoadedConfig): void {
    for (const secret of secretsIn(loaded)) this.registerSecret(secret)
  }
}
