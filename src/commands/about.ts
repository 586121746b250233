import { BaseCommand } from '../cli/base-command.ts'

/** What `--version` is with `--json`; without it the command-line library answers before any command is loaded. */
export default class About extends BaseCommand {
  static override summary = 'Say which version of agw this is, and what it runs on.'
  static override hidden = true

  async run(): Promise<object> {
    await this.parse(About)
    this.say(this.config.userAgent)
    const { platform, arch, version: node } = process
    return { agw: this.config.version, node, platform, arch }
  }
}
