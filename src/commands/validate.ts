import { Args, Flags } from '@oclif/core'
import { type CheckOptions, checkConfigs, filesToCheck, publishedSchema } from '../checking/check.ts'
import { ConfigCommand } from '../cli/config-command.ts'
import { missingAsUsage } from '../cli/failure.ts'
import { writeFlags } from '../cli/flags.ts'
import { type CheckedFile, filesOf } from '../cli/report/checked-file.ts'
import { stepSummary } from '../cli/report/github.ts'
import { validateJson } from '../cli/report/json.ts'
import {
  asksForJson,
  FORMATS,
  type Format,
  noteBeside,
  reportText,
  verdictOf,
} from '../cli/report/validate.ts'
import { writeStepSummary } from '../cli/step-summary.ts'
import { workspaceRoot } from '../cli/workspace-root.ts'
import { EXIT } from '../errors.ts'

export default class Validate extends ConfigCommand {
  static override summary = 'Check configs and everything they refer to, without starting anything.'
  static override description =
    'Reports every finding at once, with its place. Exits 0 when there is no error, 1 when there is one (or a warning, with --strict), 2 when it cannot check. A comment `# agw-ignore CODE: reason` at the end of a line or on the line above hides a warning or note.'
  static override examples = [
    '<%= config.bin %> validate',
    "<%= config.bin %> validate 'conf/**/*.yaml' gateway.yaml --strict",
    '<%= config.bin %> validate --format sarif > agw.sarif',
    '<%= config.bin %> validate --fix --dry-run',
    'cat config.yaml | <%= config.bin %> validate -',
  ]
  static override args = {
    file: Args.string({
      // The library would take a missing argument from standard input, where keys come in.
      ignoreStdin: true,
      multiple: true,
      description: 'Configs, or patterns such as "conf/**/*.yaml"; - is standard input.',
    }),
  }
  static override flags = {
    format: Flags.string({
      summary: 'How the findings are printed; --json is json.',
      options: [...FORMATS],
      default: 'text',
      env: 'AGW_FORMAT',
    }),
    strict: Flags.boolean({ summary: 'Warnings count as errors.', env: 'AGW_STRICT' }),
    'max-warnings': Flags.integer({
      summary: 'More warnings than this count as an error.',
      helpValue: 'N',
      min: 0,
      env: 'AGW_MAX_WARNINGS',
    }),
    'no-secrets': Flags.boolean({
      summary: 'Do not look at keys: shape only, no variable needs to be set.',
      env: 'AGW_NO_SECRETS',
    }),
    online: Flags.boolean({
      summary: 'Ask each provider, by a call that is not billed, whether its key works.',
      exclusive: ['no-secrets'],
      env: 'AGW_ONLINE',
    }),
    engine: Flags.string({
      summary: 'Which gateway shall run it; for embedded, what it does not run is an error.',
      options: ['embedded', 'agentgateway'],
      env: 'AGW_ENGINE',
    }),
    schema: Flags.string({
      summary: 'Check against a published agentgateway schema too: a file, or an https URL.',
      helpValue: 'PATH|URL',
      env: 'AGW_SCHEMA',
    }),
    fix: Flags.boolean({
      summary:
        'Mend what is certain: quotes, dollar signs, plain virtual keys, file modes. Shows the diff first.',
      env: 'AGW_FIX',
    }),
    ...writeFlags,
  }

  override jsonEnabled(): boolean {
    return super.jsonEnabled() || asksForJson(this.argv, process.env)
  }

  override async catch(error: Error): Promise<void> {
    await super.catch(missingAsUsage(error))
  }

  async run(): Promise<object> {
    const { args, flags } = await this.parse(Validate)
    const options: CheckOptions = {
      secrets: !flags['no-secrets'],
      engine: flags.engine as CheckOptions['engine'],
      online: flags.online ? {} : undefined,
      published: await publishedSchema(flags.schema, process.cwd()),
    }
    const loads = await filesToCheck(args.file, this.loadOptions(flags))
    const check = (how: CheckOptions) => checkConfigs(loads, how, secret => this.registerSecret(secret))
    const fixed = flags.fix
      ? await (await import('../cli/apply-fixes.ts')).applyFixes(
          () => check({ ...options, online: undefined }),
          this.writeOptions(flags),
        )
      : undefined
    const shown = filesOf(await check(options))
    const verdict = verdictOf(shown, { strict: flags.strict, maxWarnings: flags['max-warnings'] })
    if (!verdict.passed) this.endWith(EXIT.findings)
    await this.#print(shown, flags.format as Format, flags.strict)
    if (verdict.note !== undefined) this.note(verdict.note)
    return { ...validateJson(shown), ...(fixed && { fixed }) }
  }

  async #print(files: readonly CheckedFile[], format: Format, strict: boolean): Promise<void> {
    if (this.jsonEnabled() || format === 'json') return
    const root = workspaceRoot(process.cwd(), process.env)
    const { terminal, config, redactor } = this
    this.say(reportText(format, files, { terminal, root, version: config.version, strict }))
    const note = noteBeside(format, files)
    if (note !== undefined) this.note(note)
    if (format !== 'github') return
    const unwritten = await writeStepSummary(redactor.redact(stepSummary(files, root)), process.env)
    if (unwritten !== undefined) this.note(unwritten)
  }
}
