import { keySlots, MAX_CONFIG_BYTES } from '../config/index.ts'
import { type LoadedConfig, type LoadOptions, loadConfig, loadUsable, type UsableConfig } from '../load.ts'
import { currentKeys, forgetExpired } from '../secrets/index.ts'
import type { Secret } from '../secrets/secret.ts'
import { BaseCommand } from './base-command.ts'
import { configFlags } from './flags.ts'
import { secretsIn } from './known-secrets.ts'
import { forgottenText } from './report/rotate.ts'
import { readStdinUpTo } from './stdin.ts'

/** The flags that say which config and which variables. */
export interface ConfigFlagValues {
  readonly file?: string | undefined
  readonly 'env-file'?: string | undefined
  readonly 'no-env-file'?: boolean | undefined
}

/** A command that works on a config file. */
export abstract class ConfigCommand extends BaseCommand {
  static override baseFlags = { ...BaseCommand.baseFlags, ...configFlags }

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
