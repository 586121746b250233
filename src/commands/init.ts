import { dirname, relative } from 'node:path'
import { BaseCommand } from '../cli/base-command.ts'
import { storeKept } from '../cli/carry-out.ts'
import { equivalentCommand } from '../cli/equivalent-command.ts'
import { writeFlags } from '../cli/flags.ts'
import { checkInitNames, configToWrite, initFlags, initLists } from '../cli/init-flags.ts'
import { keyTaker } from '../cli/init-keys.ts'
import { initText } from '../cli/report/init.ts'
import { mayHoldInput } from '../cli/stdin.ts'
import { chooseNewConfig } from '../cli/wizard.ts'
import { writeFiles } from '../cli/write-files.ts'
import { takesKey } from '../setup/new-config.ts'
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
    const lists = initLists(flags)
    checkInitNames({ ...flags, ...lists })
    const cwd = process.cwd()
    const config = await configToWrite(flags, cwd)
    const fromEnv = lists['key-from-env'] ?? []
    const takeKey = keyTaker({ fromStdin: flags['key-from-stdin'], fromEnv }, this.keyInput(flags))
    const choices = await chooseNewConfig(
      { ...flags, ...lists },
      { prompt: this.promptFor(flags), env: process.env, takeKey },
    )
    const plan = await planInit(choices, { config, cwd, namespace: flags.namespace, force: flags.force })
    const options = this.writeOptions(flags)
    const named = flags.file === 'config.yaml' ? undefined : relative(cwd, config) || config
    this.isAbout(named)
    const files = await writeFiles(plan.files, {
      ...options,
      warnings: plan.warnings.map(text => this.typable(text)),
      beforeWriting: () => storeKept(plan.kept, { config, folder: dirname(config) }, options),
    })
    const leavesKey = choices.providers.some(one => takesKey(one.method) && one.key === undefined)
    const isUnread = !flags['key-from-stdin'] && fromEnv.length === 0
    if (leavesKey && isUnread && mayHoldInput(process.stdin))
      this.note('standard input was not read: a key that is piped in is taken with --key-from-stdin')
    const next = plan.next(named)
    const { force, namespace } = flags
    const command = equivalentCommand(choices, { file: named, force, namespace, keyFromEnv: fromEnv })
    this.say(initText(files, { command, next, dryRun: flags['dry-run'] }, this.terminal))
    return { files, next }
  }
}
