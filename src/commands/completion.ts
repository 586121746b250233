import { Args, type Command } from '@oclif/core'
import { BaseCommand } from '../cli/base-command.ts'
import type { Completable } from '../cli/completion/completable.ts'
import { completionScript, SHELLS, type Shell } from '../cli/completion/script.ts'
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
    const script = completionScript(args.shell as Shell, this.#completable())
    this.say(script.trimEnd())
    return { shell: args.shell, script }
  }

  #completable(): Completable {
    const shown = this.config.commands.filter(command => command.hidden !== true)
    const commands = shown.map(({ id, summary = '', args, flags }) => ({
      name: id.replaceAll(':', ' '),
      summary,
      values: Object.values(args)[0]?.options ?? [],
      flags: Object.values(flags).flatMap(flag => {
        const { name, char, type } = flag
        const takesValue = type === 'option'
        const told = { name, char, summary: flag.summary ?? '', takesValue, values: valuesOf(flag) }
        const isSwitch = type === 'boolean' && flag.allowNo === true
        return isSwitch ? [told, { ...told, name: `no-${name}`, char: undefined }] : [told]
      }),
    }))
    // The library takes every command for a topic, too.
    const topics = this.config.topics
      .filter(({ name }) => commands.some(command => command.name.startsWith(`${name} `)))
      .map(({ name, description = '' }) => ({ name, summary: description }))
    return { commands: commands.sort((one, other) => (one.name < other.name ? -1 : 1)), topics }
  }
}

function valuesOf(flag: Command.Flag.Cached): readonly string[] {
  if (flag.name === 'provider') return ONBOARDING.map(row => row.id)
  return flag.type === 'option' ? (flag.options ?? []) : []
}
