import { dirname, relative } from 'node:path'
import { BaseCommand } from '../cli/base-command.ts'
import { storeKept } from '../cli/carry-out.ts'
import { equivalentCommand } from '../cli/equivalent-command.ts'
import { writeFlags } from '../cli/flags.ts'
import { addingContext } from '../cli/init-add.ts'
import { checkInitNames, initFlags, initLists } from '../cli/init-flags.ts'
import { hasDoubtfulKey, keyTaker } from '../cli/init-keys.ts'
import { chooseAddition, initTarget } from '../cli/init-target.ts'
import { secretsIn } from '../cli/known-secrets.ts'
import type { Prompt } from '../cli/prompt.ts'
import { initText } from '../cli/report/init.ts'
import { mayHoldInput } from '../cli/stdin.ts'
import { checkGiven, chooseNewConfig } from '../cli/wizard.ts'
import { writeFiles } from '../cli/write-files.ts'
import { loadConfig } from '../load.ts'
import { requireKeyPlaces } from '../require-config.ts'
import { planAddition } from '../setup/add-provider.ts'
import { takesKey } from '../setup/new-config.ts'
import { planInit } from '../setup/plan-init.ts'

export default class Init extends BaseCommand {
  static override summary = 'Write a config for a provider and a way to hand over its key.'
  static override description =
    'Asks for what the flags leave open, shows every file before it is written, and ends with the command that does the same without questions. A config that is there can be added to: all that stands in it stays.'
  static override examples = [
    '<%= config.bin %> init',
    '<%= config.bin %> init --provider openai --method env --yes',
    '<%= config.bin %> init --provider anthropic --method file --key-from-stdin --yes < key.txt',
    '<%= config.bin %> init --add --provider anthropic --method env',
  ]
  static override flags = { ...initFlags, ...writeFlags }

  async run(): Promise<object> {
    const { flags } = await this.parse(Init)
    const lists = initLists(flags)
    checkInitNames({ ...flags, ...lists })
    const cwd = process.cwd()
    const prompt = this.promptFor(flags)
    await checkGiven({ ...flags, ...lists }, prompt)
    const { path: config, action } = await initTarget(flags, cwd, prompt)
    const named = flags.file === 'config.yaml' ? undefined : relative(cwd, config) || config
    this.isAbout(named)
    const force = action === 'replace' || flags.force
    const added = action === 'add' ? await this.#addition(config, flags, prompt) : undefined
    const fromEnv = lists['key-from-env'] ?? []
    const isGiven = flags['key-from-stdin'] || fromEnv.length > 0
    const takeKey = keyTaker({ fromStdin: flags['key-from-stdin'], fromEnv }, this.keyInput(flags))
    const asking = { prompt, env: process.env, takeKey }
    const context =
      added === undefined
        ? asking
        : addingContext(asking, added.loaded, added.addition, { env: lists.env, isGiven })
    const choices = await chooseNewConfig({ ...flags, ...lists }, context)
    const { namespace } = flags
    const plan =
      added === undefined
        ? await planInit(choices, {
            config,
            cwd,
            namespace,
            force: force || flags['dry-run'],
            env: process.env,
          })
        : await planAddition(choices.providers, { ...added, cwd, env: process.env })
    const options = this.writeOptions(flags)
    const files = await writeFiles(plan.files, {
      ...options,
      isDoubtful: hasDoubtfulKey(choices.providers),
      warnings: plan.warnings.map(text => this.typable(text)),
      beforeWriting: () => storeKept(plan.kept, { config, folder: dirname(config) }, options),
    })
    const leavesKey = choices.providers.some(one => takesKey(one.method) && one.key === undefined)
    if (leavesKey && !isGiven && mayHoldInput(process.stdin))
      this.note('standard input was not read: a key that is piped in is taken with --key-from-stdin')
    const next = plan.next(named)
    const add = added && { at: added.addition.to === 'routes' ? added.addition.at : undefined }
    const command = equivalentCommand(choices, { file: named, force, add, namespace, keyFromEnv: fromEnv })
    this.say(initText(files, { command, next, dryRun: flags['dry-run'] }, this.terminal))
    return { files, next }
  }

  /** The config that is there, and the place in it. */
  async #addition(config: string, flags: Parameters<typeof chooseAddition>[1], prompt: Prompt) {
    const loaded = await loadConfig({ file: config, env: process.env, cwd: process.cwd() })
    for (const secret of secretsIn(loaded)) this.redactor.add(secret)
    requireKeyPlaces(loaded)
    return { loaded, addition: await chooseAddition(loaded, flags, prompt) }
  }
}
