import { Args, type Command } from '@oclif/core'
import { BaseCommand } from '../cli/base-command.ts'
import { type Completable, completionScript, SHELLS, type Shell } from '../cli/completion.ts'
import { ONBOARDING } from '../providers/index.ts'

export default class Completion extends BaseCommand {
  static override summary = 'Print what a shell completes the words of agw by: bash, zsh or fish.'
  static override description =
    'bash: source <(agw completion bash) in ~/.bashrc\nzsh: source <(agw completion zsh) in ~/.zshrc\nfish: agw completion fish > ~/.config/fish/completions/agw.fish'
  static override examples = ['$ source <(<%= config.bin %> completion bash)']
  static override args = {
    shell: Args.string({
      ignoreStdin: true,
      required: true,
      options: [...SHELLS],
      description: 'The shell.',
    }),
  }

  async run(): Promise<object> {
    const { args } = await this.parse(Completion)
    const script = completionScript(args.shell as Shell, this.#commands())
    this.say(script.trimEnd())
    return { shell: args.shell, script }
  }

  #commands(): Completable[] {
    const shown = this.config.commands.filter(command => command.hidden !== true)
    return shown
      .map(({ id, summary = '', flags }) => ({
        name: id.replaceAll(':', ' '),
        summary,
        flags: Object.values(flags).flatMap(flag => {
          const told = { name: flag.name, summary: flag.summary ?? '', values: valuesOf(flag) }
          const isSwitch = flag.type === 'boolean' && flag.allowNo === true
          return isSwitch ? [told, { ...told, name: `no-${flag.name}` }] : [told]
        }),
      }))
      .sort((one, other) => (one.name < other.name ? -1 : 1))
  }
}

function valuesOf(flag: Command.Flag.Cached): readonly string[] {
  if (flag.name === 'provider') return ONBOARDING.map(row => row.id)
  return flag.type === 'option' ? (flag.options ?? []) : []
}
