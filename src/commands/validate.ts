import { Args, Flags } from '@oclif/core'
import { checkConfig } from '../check.ts'
import { ConfigCommand } from '../cli/config-command.ts'
import { diagnosticText, summaryText } from '../cli/report/text.ts'
import { type Diagnostic, formatPath } from '../config/diagnostic.ts'
import { AgwError, EXIT } from '../errors.ts'

export default class Validate extends ConfigCommand {
  static override summary = 'Check a config and everything it refers to, without starting anything.'
  static override description =
    'Reports every finding at once, with its place. Exits 0 when there is no error, 1 when there is one (or a warning, with --strict).'
  static override examples = [
    '<%= config.bin %> validate',
    '<%= config.bin %> validate gateway.yaml --strict',
    'cat config.yaml | <%= config.bin %> validate -',
  ]
  static override args = {
    file: Args.string({
      // The library would take a missing argument from standard input, where keys come in.
      ignoreStdin: true,
      description: 'The config; - is standard input.',
    }),
  }
  static override flags = {
    strict: Flags.boolean({ summary: 'Warnings count as errors.', env: 'AGW_STRICT' }),
    'no-secrets': Flags.boolean({
      summary: 'Do not look at keys: shape only, no variable needs to be set.',
      env: 'AGW_NO_SECRETS',
    }),
    engine: Flags.string({
      summary: 'Which gateway shall run it; for embedded, what it does not run is an error.',
      options: ['embedded', 'agentgateway'],
      env: 'AGW_ENGINE',
    }),
  }

  override async catch(error: Error): Promise<void> {
    await super.catch(asUsage(error))
  }

  async run(): Promise<object> {
    const { args, flags } = await this.parse(Validate)
    const options = { ...this.loadOptions(flags), ...(args.file !== undefined && { file: args.file }) }
    const checked = await checkConfig(options, {
      secrets: !flags['no-secrets'],
      engine: flags.engine as 'embedded' | 'agentgateway' | undefined,
    })
    for (const secret of checked.secrets) this.registerSecret(secret)
    const { diagnostics, document, name } = checked
    const failed = diagnostics.some(
      one => one.severity === 'error' || (flags.strict && one.severity === 'warning'),
    )
    if (failed) this.endWith(EXIT.findings)
    for (const one of diagnostics)
      this.say(`${diagnosticText(one, document.lines, name, this.terminal, 'out')}\n`)
    const mark = failed ? this.terminal.style('red', '✗') : this.terminal.style('green', '✓')
    this.say(`${mark} ${name}: ${summaryText(diagnostics)}`)
    return { files: [fileJson(name, diagnostics)], summary: summaryJson(diagnostics) }
  }
}

/** Here 3 would say that a config is bad; that there is none is a matter of what was typed. */
function asUsage(error: Error): Error {
  const missing = error instanceof AgwError && ['CONFIG_NOT_FOUND', 'CONFIG_UNREADABLE'].includes(error.code)
  return missing
    ? new AgwError('USAGE', error.message, { ...(error.hint && { hint: error.hint }), cause: error })
    : error
}

function fileJson(file: string, diagnostics: readonly Diagnostic[]): object {
  return {
    file,
    valid: !diagnostics.some(one => one.severity === 'error'),
    diagnostics: diagnostics.map(({ code, severity, message, hint, range, path }) => ({
      code,
      severity,
      message,
      hint,
      line: range.start.line,
      column: range.start.column,
      endLine: range.end.line,
      endColumn: range.end.column,
      path: formatPath(path),
    })),
  }
}

function summaryJson(diagnostics: readonly Diagnostic[]): object {
  const count = (severity: string): number => diagnostics.filter(one => one.severity === severity).length
  return { files: 1, errors: count('error'), warnings: count('warning'), notes: count('note') }
}
