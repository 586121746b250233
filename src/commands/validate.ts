import { Args } from '@oclif/core'
import { type CheckOptions, checkConfigs, filesToCheck } from '../checking/check.ts'
import type { applyFixes, CheckWith } from '../cli/apply-fixes.ts'
import { ConfigCommand } from '../cli/config-command.ts'
import { missingAsUsage } from '../cli/failure.ts'
import { givenValue } from '../cli/flag-words.ts'
import { printReport } from '../cli/print-report.ts'
import { filesOf } from '../cli/report/checked-file.ts'
import { counted } from '../cli/report/counted.ts'
import { validateJson } from '../cli/report/json.ts'
import { failureText, verdictOf } from '../cli/report/validate.ts'
import { mayHoldInput } from '../cli/stdin.ts'
import { checkOptions, validateFlags } from '../cli/validate-flags.ts'
import { AgwError, EXIT } from '../errors.ts'

export default class Validate extends ConfigCommand {
  static override summary = 'Check configs and everything they refer to, without starting anything.'
  static override description =
    'Reports every finding at once, with its place; only where nobody can tell what was meant, how the parts of the file fit together is told once that is mended. Exits 0 when there is no error, 1 when there is one (or a warning, with --strict), 2 when it cannot check. A comment `# agw-ignore CODE: reason` at the end of a line or on the line above hides a warning or note.'
  static override examples = [
    '<%= config.bin %> validate',
    "<%= config.bin %> validate 'conf/**/*.yaml' gateway.yaml --strict",
    '<%= config.bin %> validate --format sarif > agw.sarif',
    '<%= config.bin %> validate --fix --dry-run',
    '$ cat config.yaml | <%= config.bin %> validate -',
  ]
  static override args = {
    file: Args.string({
      // The library would take a missing argument from standard input, where keys come in.
      ignoreStdin: true,
      multiple: true,
      description: 'Configs, or patterns such as "conf/**/*.yaml"; - is standard input.',
    }),
  }
  static override flags = validateFlags

  override jsonEnabled(): boolean {
    return super.jsonEnabled() || this.#formatAsked() === 'json'
  }

  override async catch(error: Error): Promise<void> {
    const isPiped = mayHoldInput(process.stdin)
    const failed = missingAsUsage(error, isPiped ? '`agw validate -` reads standard input' : undefined)
    await super.catch(failed)
    if (!(failed instanceof AgwError) || this.jsonEnabled()) return
    const text = failureText(this.#formatAsked(), failed, this.config.version)
    if (text !== undefined) this.terminal.out(text)
  }

  #formatAsked(): string | undefined {
    return givenValue('format', this.argv, process.env['AGW_FORMAT'])
  }

  async run(): Promise<object> {
    const { args, flags } = await this.parse(Validate)
    const options = await checkOptions(flags, process.cwd())
    const loads = await filesToCheck(args.file, this.loadOptions(flags))
    if (loads.length === 1) this.isAbout(loads[0]?.file)
    const check = (how: CheckOptions, texts?: ReadonlyMap<string, string>) =>
      checkConfigs(
        loads.map(load => ({ ...load, texts })),
        how,
        secret => this.registerSecret(secret),
      )
    const certain: CheckWith = texts => check({ ...options, online: undefined }, texts)
    const fixed = flags.fix ? await this.#fix(certain, this.writeOptions(flags)) : undefined
    const checked = await this.waiting(`checking ${counted(loads.length, 'config')}`, () => check(options))
    const shown = filesOf(
      checked,
      (one, text) => {
        this.isAbout(one.path === '-' ? '-' : one.name)
        return this.typable(text)
      },
      text => this.redactor.redact(text),
    )
    this.isAbout(undefined)
    const verdict = verdictOf(shown, { strict: flags.strict, maxWarnings: flags['max-warnings'] })
    if (verdict.status !== EXIT.ok) this.endWith(verdict.status)
    const { terminal, redactor } = this
    const { version } = this.config
    if (!this.jsonEnabled())
      await printReport(
        shown,
        { format: flags.format, strict: verdict.strict },
        { terminal, redactor, version },
      )
    if (verdict.note !== undefined) this.note(verdict.note)
    return { ...validateJson(shown), ...(fixed && { fixed }) }
  }

  async #fix(...how: Parameters<typeof applyFixes>): ReturnType<typeof applyFixes> {
    const { applyFixes } = await import('../cli/apply-fixes.ts')
    return await applyFixes(...how)
  }
}
