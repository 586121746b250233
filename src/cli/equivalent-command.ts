import type { ChosenProvider, NewConfigChoices } from '../setup/new-config.ts'
import { shellWord } from '../setup/shell-word.ts'

/** What the command line was told besides the choices. */
export interface CommandContext {
  /** Absent for the usual place. */
  readonly file: string | undefined
  readonly force: boolean
  readonly namespace: string
  readonly keyFromEnv: readonly string[]
}

/** The one line that does the same without questions, quoted for a shell. */
export function equivalentCommand(choices: NewConfigChoices, context: CommandContext): string {
  const { providers, style, port } = choices
  const [first] = providers
  const words = ['agw', 'init']
  const add = (flag: string, value?: string): void => {
    words.push(`--${flag}`)
    if (value !== undefined) words.push(value)
  }
  for (const { provider } of providers) add('provider', provider.id)
  for (const model of listOf(providers, one => one.model)) add('model', model)
  add('method', first?.method ?? 'env')
  const isOwn = providers.some(one => one.variable !== undefined && one.variable !== one.provider.variable)
  if (isOwn) for (const name of listOf(providers, one => one.variable)) add('env', name)
  for (const path of listOf(providers, one => one.keyFile)) add('key-file', path)
  for (const { baseUrl, azure } of providers) {
    if (baseUrl !== undefined) add('base-url', baseUrl)
    if (azure !== undefined) add('azure-resource', azure.resourceName)
  }
  const type = providers.find(one => one.azure !== undefined)?.azure?.resourceType
  if (type !== undefined && type !== 'openAI') add('azure-resource-type', type)
  if (first?.header !== undefined) add('header', first.header)
  if (first?.method === 'kubernetes' && context.namespace !== 'agentgateway-system')
    add('namespace', context.namespace)
  if (style !== 'llm') add('style', style)
  if (port !== 3000) add('port', String(port))
  if (context.file !== undefined) add('file', context.file)
  if (context.force) add('force')
  for (const name of context.keyFromEnv) add('key-from-env', name)
  const isGiven = providers.some(one => one.key !== undefined)
  if (isGiven && context.keyFromEnv.length === 0) add('key-from-stdin')
  return [...words, '--yes'].map(shellWord).join(' ')
}

/** A repeatable flag's values in the order of the providers, as far as they were given. */
function listOf(
  providers: readonly ChosenProvider[],
  pick: (one: ChosenProvider) => string | undefined,
): string[] {
  const all = providers.map(pick)
  const end = all.findLastIndex(one => one !== undefined) + 1
  return all.slice(0, end).map(one => one ?? '')
}
