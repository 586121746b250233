import { keySlots, MAX_CONFIG_BYTES } from '../config/index.ts'
import { type LoadedConfig, type LoadOptions, loadConfig, loadUsable, type UsableConfig } from '../load.ts'
import { currentKeys, forgetExpired } from '../secrets/index.ts'
import { Secret } from '../secrets/secret.ts'
import { BaseCommand } from './base-command.ts'
import { configFlags } from './flags.ts'
import { forgottenText } from './report/rotate.ts'
import { readStdinUpTo } from './stdin.ts'

/** The flags that say which config and which variables. */
export interface ConfigFlagValues {
  readonly file?: string | undefined
  readonly 'env-file'?: string | undefined
  readonly 'no-env-file'?: boolean | undefined
}

/** Variables whose values are taken for secrets even where no key slot uses them. */
const SECRET_NAME = /key|token|secret|passw|credential|auth/i

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

  protected makeKnown({ document, variables, draft }: LoadedConfig): void {
    for (const { name } of document.variables) {
      const found = variables.lookup(name)
      // What agw.yaml names is a secret, whatever it is called.
      if (found?.isNamed || SECRET_NAME.test(name)) this.registerSecret(found?.value)
    }
    if (draft === undefined) return
    for (const { value, variable } of keySlots(draft, document)) {
      // What is not set stands in the draft as it is written, `$NAME`, which is no secret.
      const isWritten = variable !== undefined && variables.lookup(variable) === undefined
      if (value instanceof Secret && !isWritten) this.registerSecret(value)
    }
  }
}
