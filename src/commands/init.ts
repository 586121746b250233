import { stat } from 'node:fs/promises'
import { dirname, join, relative, resolve } from 'node:path'
import { BaseCommand } from '../cli/base-command.ts'
import { storeKept } from '../cli/carry-out.ts'
import { equivalentCommand } from '../cli/equivalent-command.ts'
import { writeFlags } from '../cli/flags.ts'
import { checkInitNames, initFlags, initLists } from '../cli/init-flags.ts'
import { keyTaker } from '../cli/init-keys.ts'
import { chooseNewConfig } from '../cli/wizard.ts'
import { type WrittenFile, writeFiles } from '../cli/write-files.ts'
import { AgwError } from '../errors.ts'
import { planInit } from '../setup/plan-init.ts'

export default class Init extends BaseCommand {
  static override summary = 'Write a config for a provider and a way to hand over its key.'
  static override description =
    'Asks for what the flags leave open, shows every file before it is written, and ends with the command that does the same without questions.'
  static override examples = [
    '<%= config.bin %> init',
    '<%= config.bin %> init --provider openai --method env --yes',
    '<%= config.bin %> init --provider anthropic --method file --key-from-stdin --yes < key.txt',
  ]
  static override flags = { ...initFlags, ...writeFlags }

  async run(): Promise<object> {
    const { flags } = await this.parse(Init)
    if (flags.file === '-') {
      throw new AgwError('USAGE', 'a config is written to a file, not to standard output', {
        hint: 'name one with --file PATH',
      })
    }
    const lists = initLists(flags)
    checkInitNames({ ...flags, ...lists })
    const cwd = process.cwd()
    const config = resolve(cwd, flags.file)
    const exists = await stat(config).then(
      () => true,
      () => false,
    )
    if (exists && !flags.force && !flags['dry-run']) {
      throw new AgwError('FILE_EXISTS', `${flags.file} is there already`, {
        hint: 'replace it with --force, look first with --dry-run, or write another with --file PATH',
      })
    }
    const fromEnv = lists['key-from-env'] ?? []
    const takeKey = keyTaker({ fromStdin: flags['key-from-stdin'], fromEnv }, this.keyInput(flags))
    const choices = await chooseNewConfig(
      { ...flags, ...lists },
      { prompt: this.promptFor(flags), env: process.env, takeKey },
    )
    const plan = await planInit(choices, { config, cwd, namespace: flags.namespace, force: flags.force })
    const options = this.writeOptions(flags)
    const files = await writeFiles(plan.files, {
      ...options,
      beforeWriting: () => storeKept(plan.kept, dirname(config), options),
    })
    for (const warning of plan.warnings) this.warning(warning)
    const named = flags.file === 'config.yaml' ? undefined : relative(cwd, config) || join(config)
    const next = plan.next(named)
    const { force, namespace } = flags
    const command = equivalentCommand(choices, { file: named, force, namespace, keyFromEnv: fromEnv })
    this.#print(files, command, next, flags['dry-run'])
    return { files, next }
  }

  #print(files: readonly WrittenFile[], command: string, next: readonly string[], dryRun: boolean): void {
    for (const { file, action, mode } of files) {
      const word = dryRun && action !== 'unchanged' ? `would be ${action}` : action
      this.say(
        `${this.terminal.style('green', word.padEnd(9))} ${file}${mode ? this.terminal.style('dim', `  ${mode}`) : ''}`,
      )
    }
    this.say(`\nThe same without questions:\n  ${command}`)
    this.say(`\nNext:\n${next.map(line => `  ${this.terminal.style('bold', line)}`).join('\n')}`)
  }
}
