import { Flags } from '@oclif/core'
import { followChild } from '../cli/child.ts'
import { ConfigCommand } from '../cli/config-command.ts'
import { asList, repeatable } from '../cli/flags.ts'
import { isParseError } from '../cli/usage.ts'
import { AgwError } from '../errors.ts'
import { suggested } from '../suggested.ts'

export default class Run extends ConfigCommand {
  static override summary = "Start a command with the config's variables in its environment."
  static override description =
    'The values go into the environment of that command and nowhere else; what it prints passes the redactor unless it owns the terminal. Signals and its exit status are passed through.'
  static override usage = 'run [FLAGS] -- COMMAND [ARGUMENTS]'
  static override examples = [
    '<%= config.bin %> run -- agentgateway -f config.yaml',
    '<%= config.bin %> run --only OPENAI_API_KEY -- node script.js',
    "<%= config.bin %> run -- sh -c 'echo $OPENAI_API_KEY'",
  ]
  static override strict = false
  static override flags = {
    only: Flags.string({
      summary: 'Give the command only this variable; repeatable.',
      helpValue: 'NAME',
      ...repeatable,
      env: 'AGW_RUN_ONLY',
    }),
    'allow-missing': Flags.boolean({
      summary: 'Start even if a variable has no value.',
      env: 'AGW_ALLOW_MISSING',
    }),
    redact: Flags.boolean({
      summary: 'Take the values out of what the command prints, as it does unless --no-redact.',
      default: true,
      allowNo: true,
      env: 'AGW_REDACT',
    }),
  }

  async run(): Promise<object> {
    const at = this.argv.indexOf('--')
    const [command, ...args] = at < 0 ? [] : this.argv.slice(at + 1)
    const noCommand = new AgwError('USAGE', 'there is no command to start', {
      hint: `put it after two dashes: ${suggested('run', '--', 'COMMAND')}`,
    })
    const own = at < 0 ? this.argv : this.argv.slice(0, at)
    const { flags, argv } = await this.parse(Run, own).catch((error: unknown) => {
      // Without the dashes the command's own flags were taken for ours.
      throw at < 0 && isParseError(error) ? noCommand : error
    })
    const load = this.loadOptions(flags)
    if (command === undefined || argv.length > 0) throw noCommand
    const { runCommand } = await import('../run-command.ts')
    const child = await runCommand({
      load,
      command,
      args,
      only: flags.only === undefined ? undefined : asList(flags.only),
      allowMissing: flags['allow-missing'],
      ...this.childOutput(flags.redact),
      redactor: this.redactor,
    })
    const status = await followChild(child)
    this.endWith(status)
    return { command, status, variables: child.variables }
  }
}
