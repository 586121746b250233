import { stat } from 'node:fs/promises'
import { join, relative, resolve } from 'node:path'
import { Flags } from '@oclif/core'
import { BaseCommand } from '../cli/base-command.ts'
import { asList, writeFlags } from '../cli/flags.ts'
import { readKey } from '../cli/key-input.ts'
import { Prompt } from '../cli/prompt.ts'
import { chooseNewConfig, equivalentCommand, STYLE_OPTIONS } from '../cli/wizard.ts'
import { protectFromGit, type WrittenFile, writeFiles } from '../cli/write-files.ts'
import { looksSecret } from '../config/shown-word.ts'
import { AgwError } from '../errors.ts'
import { INIT_METHODS } from '../setup/new-config.ts'
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
  static override flags = {
    provider: Flags.string({
      summary: 'The provider; repeat for several.',
      helpValue: 'NAME',
      multiple: true,
      env: 'AGW_PROVIDER',
    }),
    model: Flags.string({
      summary: 'The model every request uses; repeat in the order of --provider.',
      helpValue: 'NAME',
      multiple: true,
      env: 'AGW_MODEL',
    }),
    method: Flags.string({
      summary: 'How the key is handed over.',
      options: [...INIT_METHODS],
      env: 'AGW_METHOD',
    }),
    env: Flags.string({
      summary: 'The variable that holds the key.',
      helpValue: 'NAME',
      env: 'AGW_KEY_VARIABLE',
    }),
    'key-file': Flags.string({
      summary: 'The file that holds the key.',
      helpValue: 'PATH',
      env: 'AGW_KEY_FILE',
    }),
    'key-from-stdin': Flags.boolean({
      summary: 'Read the key from standard input.',
      exclusive: ['key-from-env'],
    }),
    'key-from-env': Flags.string({ summary: 'Take the key from a variable.', helpValue: 'VAR' }),
    header: Flags.string({
      summary: "The header of the client's own credential (passthrough).",
      helpValue: 'NAME',
      env: 'AGW_HEADER',
    }),
    'base-url': Flags.string({
      summary: 'The address of an OpenAI-compatible host.',
      helpValue: 'URL',
      env: 'AGW_BASE_URL',
    }),
    'azure-resource': Flags.string({
      summary: 'The Azure resource, the part before .openai.azure.com.',
      helpValue: 'NAME',
      env: 'AGW_AZURE_RESOURCE',
    }),
    'azure-resource-type': Flags.string({
      summary: 'The kind of Azure resource.',
      options: ['openAI', 'foundry'],
      env: 'AGW_AZURE_RESOURCE_TYPE',
    }),
    namespace: Flags.string({
      summary: 'The namespace of the Kubernetes objects.',
      helpValue: 'NAME',
      default: 'agentgateway-system',
      env: 'AGW_NAMESPACE',
    }),
    port: Flags.integer({
      summary: 'The port the gateway listens on.',
      min: 1,
      max: 65_535,
      default: 3000,
      env: 'AGW_PORT',
    }),
    style: Flags.string({
      summary: 'Which form of config: llm (models), gateways (routes) or binds (the older one).',
      options: [...STYLE_OPTIONS],
      default: 'llm',
      env: 'AGW_STYLE',
    }),
    file: Flags.string({
      char: 'f',
      summary: 'Where to write the config.',
      helpValue: 'PATH',
      default: 'config.yaml',
      env: 'AGW_CONFIG',
    }),
    force: Flags.boolean({ summary: 'Replace a config that is there.', env: 'AGW_FORCE' }),
    ...writeFlags,
  }

  async run(): Promise<object> {
    const { flags } = await this.parse(Init)
    if (flags.file === '-') {
      throw new AgwError('USAGE', 'a config is written to a file, not to standard output', {
        hint: 'name one with --file PATH',
      })
    }
    checkNames(flags)
    const cwd = process.cwd()
    const config = resolve(cwd, flags.file)
    const prompt = new Prompt({ allowed: this.canAsk(flags) })
    const exists = await stat(config).then(
      () => true,
      () => false,
    )
    if (exists && !flags.force && !flags['dry-run']) {
      throw new AgwError('FILE_EXISTS', `${flags.file} is there already`, {
        hint: 'replace it with --force, look first with --dry-run, or write another with --file PATH',
      })
    }
    const lists = { ...(flags.provider && { provider: asList(flags.provider) }), model: asList(flags.model) }
    const choices = await chooseNewConfig(
      { ...flags, ...lists },
      {
        prompt,
        env: process.env,
        takeKey: (provider, method) =>
          readKey(
            { fromStdin: flags['key-from-stdin'], fromEnv: flags['key-from-env'] },
            {
              message: `${provider.label} key (hidden; empty to store it later)`,
              provider: provider.words.llm,
              optional: method !== 'inline' || !prompt.allowed,
            },
            {
              cwd,
              env: process.env,
              stdin: process.stdin,
              prompt,
              terminal: this.terminal,
              redactor: this.redactor,
            },
          ),
      },
    )
    const plan = await planInit(choices, { config, cwd, namespace: flags.namespace, force: flags.force })
    const options = {
      terminal: this.terminal,
      prompt,
      cwd,
      env: process.env,
      dryRun: flags['dry-run'],
      yes: flags.yes,
    }
    const files = await writeFiles(plan.files, options)
    await protectFromGit(plan.files, options)
    for (const warning of plan.warnings) this.warning(warning)
    const named = flags.file === 'config.yaml' ? undefined : relative(cwd, config) || join(config)
    const next = plan.next(named)
    this.#print(files, equivalentCommand(choices, named), next)
    return { files, next }
  }

  #print(files: readonly WrittenFile[], command: string, next: readonly string[]): void {
    for (const { file, action, mode } of files) {
      this.say(
        `${this.terminal.style('green', action.padEnd(9))} ${file}${mode ? this.terminal.style('dim', `  ${mode}`) : ''}`,
      )
    }
    this.say(`\nThe same without questions:\n  ${command}`)
    this.say(`\nNext:\n${next.map(line => `  ${this.terminal.style('bold', line)}`).join('\n')}`)
  }
}

/** Names that end up in files are checked before anything is asked or written. */
function checkNames(flags: {
  env?: string | undefined
  'key-file'?: string | undefined
  namespace: string
}): void {
  const wrong = (flag: string, hint: string): AgwError =>
    new AgwError('USAGE', `${flag} has a value that does not fit`, { hint })
  if (flags.env !== undefined && (!/^[A-Za-z_]\w*$/.test(flags.env) || looksSecret(flags.env))) {
    throw wrong('--env', 'give the name of a variable, as in OPENAI_API_KEY')
  }
  if (flags['key-file'] !== undefined && flags['key-file'].trim() === '')
    throw wrong('--key-file', 'give a path')
  if (!/^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/.test(flags.namespace)) {
    throw wrong('--namespace', 'give lower-case letters, digits and dashes')
  }
}
