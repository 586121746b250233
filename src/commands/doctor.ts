import { ConfigCommand } from '../cli/config-command.ts'
import { exposures } from '../cli/guard.ts'
import { doctorText } from '../cli/report/doctor.ts'
import { EXIT } from '../errors.ts'

export default class Doctor extends ConfigCommand {
  static override summary = 'Say what is wrong on this machine: Node, config, keys, sources, files, ports.'
  static override description =
    'Looks at which config is found and why, where each key comes from, whether each source can be used, who can read the files that hold keys, what git has of them, and whether the ports are free. Exits 1 when there is an error. Shows no value, and asks no provider: that is `keys check`.'
  static override examples = ['<%= config.bin %> doctor', '<%= config.bin %> doctor --json']

  async run(): Promise<object> {
    const { flags } = await this.parse(Doctor)
    const { examine } = await import('../doctor/doctor.ts')
    const looked = await this.waiting('looking at this machine', () =>
      examine({
        load: this.loadOptions(flags),
        nodeVersion: process.version,
        uid: process.getuid?.(),
        exposures: exposures(),
        onLoaded: loaded => this.makeKnown(loaded),
      }),
    )
    // Before it is laid out: a command that stands on two lines would not be known for one.
    const found = looked.map(one => ({
      ...one,
      detail: this.typable(one.detail),
      hint: this.typable(one.hint),
    }))
    if (found.some(one => one.state === 'error')) this.endWith(EXIT.findings)
    this.say(doctorText(found, this.terminal))
    return { agw: this.config.version, node: process.version, findings: found }
  }
}
