import { appendFile } from 'node:fs/promises'
import { Args, Flags } from '@oclif/core'
import {
  type CheckedConfig,
  type CheckOptions,
  checkConfig,
  filesToCheck,
  publishedSchema,
} from '../check.ts'
import { ConfigCommand } from '../cli/config-command.ts'
import { writeFlags } from '../cli/flags.ts'
import { Prompt } from '../cli/prompt.ts'
import { type CheckedFile, filesOf } from '../cli/report/checked-file.ts'
import { stepSummary } from '../cli/report/github.ts'
import { validateJson } from '../cli/report/json.ts'
import { summaryText } from '../cli/report/text.ts'
import { asksForJson, FORMATS, type Format, reportText, verdictOf } from '../cli/report/validate.ts'
import { workspaceRoot } from '../cli/workspace-root.ts'
import type { WrittenFile } from '../cli/write-files.ts'
import { AgwError, EXIT } from '../errors.ts'
import type { LoadOptions } from '../load.ts'

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
    await super.catch(asUsage(error))
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
    const fixed = flags.fix ? await this.#fix(loads, { ...options, online: undefined }, flags) : undefined
    const shown = filesOf(await this.#check(loads, options))
    const verdict = verdictOf(shown, { strict: flags.strict, maxWarnings: flags['max-warnings'] })
    const onlyShown = flags.fix && flags['dry-run']
    if (!verdict.passed && !onlyShown) this.endWith(EXIT.findings)
    await this.#print(shown, flags.format as Format, flags.strict)
    if (verdict.note !== undefined) this.note(verdict.note)
    return { ...validateJson(shown), ...(fixed && { fixed }) }
  }

  async #check(loads: readonly LoadOptions[], options: CheckOptions): Promise<CheckedConfig[]> {
    const checked: CheckedConfig[] = []
    for (const load of loads) {
      const one = await checkConfig(load, options)
      for (const secret of one.secrets) this.registerSecret(secret)
      checked.push(one)
    }
    return checked
  }

  async #print(files: readonly CheckedFile[], format: Format, strict: boolean): Promise<void> {
    if (this.jsonEnabled() || format === 'json') return
    const root = workspaceRoot(process.cwd(), process.env)
    this.say(
      reportText(format, files, { terminal: this.terminal, root, version: this.config.version, strict }),
    )
    const all = files.flatMap(file => file.diagnostics)
    if (format === 'sarif' || format === 'junit') this.note(`agw validate: ${summaryText(all)}`)
    const page = process.env['GITHUB_STEP_SUMMARY']
    if (format !== 'github' || !page) return
    await appendFile(page, this.redactor.redact(stepSummary(files, root))).catch(() =>
      this.note('the step summary was not written: the file in GITHUB_STEP_SUMMARY cannot be appended to'),
    )
  }

  async #fix(
    loads: readonly LoadOptions[],
    options: CheckOptions,
    flags: FixFlags,
  ): Promise<readonly WrittenFile[]> {
    const { applyFixes } = await import('../cli/apply-fixes.ts')
    return applyFixes(() => this.#check(loads, options), {
      terminal: this.terminal,
      prompt: new Prompt({ allowed: this.canAsk(flags) }),
      cwd: process.cwd(),
      env: process.env,
      dryRun: flags['dry-run'],
      yes: flags.yes,
    })
  }
}

interface FixFlags {
  readonly 'dry-run': boolean
  readonly yes: boolean
  readonly 'no-input'?: boolean
}

/** Here 3 would say that a config is bad; that there is none is a matter of what was typed. */
function asUsage(error: Error): Error {
  const missing = error instanceof AgwError && ['CONFIG_NOT_FOUND', 'CONFIG_UNREADABLE'].includes(error.code)
  return missing
    ? new AgwError('USAGE', error.message, { ...(error.hint && { hint: error.hint }), cause: error })
    : error
}
