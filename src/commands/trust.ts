import { ConfigCommand } from '../cli/config-command.ts'
import { requireConsent } from '../cli/consent.ts'
import { writeFlags } from '../cli/flags.ts'
import { readAgwFile } from '../config/index.ts'
import { AgwError } from '../errors.ts'
import { configFolder } from '../load.ts'
import { demandsOf, trust } from '../secrets/index.ts'

export default class Trust extends ConfigCommand {
  static override summary =
    'Allow the agw.yaml beside the config to run programs and to log in where it says.'
  static override description =
    'An agw.yaml may name programs to run and addresses to log in at. Neither is done before you have looked at the file and trusted it; when its content changes, it must be trusted again. On a terminal it shows what the file names and asks; in a script the call itself is the yes.'
  static override examples = ['<%= config.bin %> trust', '<%= config.bin %> trust --file deploy/config.yaml']

  static override flags = { yes: writeFlags.yes }

  async run(): Promise<object> {
    const { flags } = await this.parse(Trust)
    const folder = await configFolder(this.loadOptions(flags))
    const file = await readAgwFile(folder)
    if (file === undefined) {
      throw new AgwError('CONFIG_NOT_FOUND', `there is no agw.yaml in ${folder}`, {
        hint: 'without one there is nothing to trust',
      })
    }
    const demands = demandsOf(file)
    for (const demand of demands) this.sayProse(`it ${demand}`)
    if (demands.length === 0)
      this.sayProse(`${file.path} runs no program and logs in nowhere: it needs no trust`)
    const prompt = this.promptFor(flags)
    // To call the command is the answer of a script; a person sees first what it is about.
    const yes = flags.yes || !prompt.allowed
    if (demands.length > 0) await requireConsent('Trust it?', 'trusted', { prompt, yes }, { initial: false })
    const { changed } = demands.length === 0 ? { changed: false } : await trust(file, process.env)
    if (demands.length > 0) this.sayProse(`${file.path} ${changed ? 'is trusted now' : 'was trusted before'}`)
    return { file: file.path, demands, changed }
  }
}
