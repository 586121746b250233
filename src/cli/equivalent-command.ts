import type { SettingFlag } from '../providers/index.ts'
import type { ChosenProvider, NewConfigChoices } from '../setup/new-config.ts'
import { shellWord } from '../suggested.ts'

/** What the command line was told besides the choices. */
export interface CommandContext {
  /** Absent for the usual place. */
  readonly file: string | undefined
  readonly force: boolean
  /** The config was there and is added to, and where. */
  readonly add?: { readonly at: string | undefined } | undefined
  readonly namespace: string
  readonly keyFromEnv: readonly string[]
}

/** The one line that does the same without questions, quoted for a shell. */
export function equivalentCommand(choices: NewConfigChoices, context: CommandContext): string {
  const { providers, style, port } = choices
  // Those that take no key go with any method.
  const first = providers.find(one => one.method !== 'none') ?? providers[0]
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
  for (const { baseUrl } of providers) if (baseUrl !== undefined) add('base-url', baseUrl)
  for (const [flag, value] of settingsIn(providers)) add(flag, value)
  if (first?.header !== undefined) add('header', first.header)
  if (first?.method === 'kubernetes' && context.namespace !== 'agentgateway-system')
    add('namespace', context.namespace)
  if (context.add !== undefined) {
    add('add')
    if (context.add.at !== undefined) add('at', context.add.at)
  } else {
    if (style !== 'llm') add('style', style)
    if (port !== 3000) add('port', String(port))
  }
  if (context.file !== undefined) add('file', context.file)
  if (context.force) add('force')
  for (const name of context.keyFromEnv) add('key-from-env', name)
  const isGiven = providers.some(one => one.key !== undefined)
  if (isGiven && context.keyFromEnv.length === 0) add('key-from-stdin')
  return [...words, '--yes'].map(shellWord).join(' ')
}

/** Settings that are not what they would be anyway; the kind of an Azure resource is said once for all. */
function settingsIn(providers: readonly ChosenProvider[]): [SettingFlag, string][] {
  const found = providers.flatMap(({ provider, settings = {} }) =>
    (provider.settings ?? []).flatMap(({ flag, otherwise }): [SettingFlag, string][] => {
      const value = settings[flag]
      return value === undefined || value === otherwise ? [] : [[flag, value]]
    }),
  )
  const first = found.findIndex(([flag]) => flag === 'azure-resource-type')
  return found.filter(([flag], index) => flag !== 'azure-resource-type' || index === first)
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
