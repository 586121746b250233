import { join } from 'node:path'
import {
  appendValue,
  type ConfigDocument,
  keySlots,
  llmModel,
  type Path,
  type ProviderEntry,
  route,
} from '../config/index.ts'
import { isNode, nodesAt, textAt, valueAt } from '../config/rules/tree.ts'
import { AgwError } from '../errors.ts'
import type { LoadedConfig } from '../load.ts'
import { shellWord } from '../suggested.ts'
import { editedConfig } from './edited-config.ts'
import { hostWarnings } from './host-warnings.ts'
import { type ChosenProvider, entriesOf, entryNames, hasKeyInside, keyFiles, takesKey } from './new-config.ts'
import { type InitPlan, methodWarnings, planEntries, requireFree, shellWarnings } from './plan-init.ts'
import { SECRET_MODE } from './planned-file.ts'
import type { RoutePlace } from './route-places.ts'
import { textIfAny } from './text-to-change.ts'

/** Where providers are added: to the models of the `llm` section, or as routes of a listener. */
export type Addition =
  | { readonly to: 'llm' }
  | {
      readonly to: 'routes'
      readonly place: RoutePlace /** As it was named or chosen. */
      readonly at?: string
    }

/** A config that is added to. */
export interface AddPlace {
  readonly loaded: LoadedConfig
  readonly addition: Addition
  readonly cwd: string
  readonly env: Readonly<Record<string, string | undefined>>
}

/** Model names that `llm` has an entry for, each with its place. */
export function takenModels({ data }: ConfigDocument): ReadonlyMap<string, Path> {
  const named = (section: string): [string, Path][] =>
    nodesAt(data, 'llm', section).map(([model, index]) => [
      textAt(model, 'name') ?? '',
      ['llm', section, index],
    ])
  return new Map([...named('virtualModels'), ...named('models')])
}

/** The models that a provider can be added for; undefined where nothing tells, and a model must be named. */
export function freeModels(
  { provider, model }: Pick<ChosenProvider, 'provider' | 'model'>,
  taken: ReadonlyMap<string, unknown>,
): string | undefined {
  const first = taken.size === 0 && model === undefined ? '*' : undefined
  return [first, provider.pattern, model].find(one => one !== undefined && !taken.has(one))
}

/**
 * Plans to add providers to a config that is there: all else in it stays as it is. Throws INPUT_NEEDED where a model must
 * be named, FILE_EXISTS where a key would take the place of another one.
 */
export async function planAddition(
  providers: readonly ChosenProvider[],
  { loaded, addition, cwd, env }: AddPlace,
): Promise<InitPlan> {
  const { path: config, folder, document } = loaded
  refuseOtherKeys(providers, loaded)
  const dotenv = await textIfAny(join(folder, '.env'))
  const place = { config, cwd, dotenv }
  const taken = addition.to === 'llm' ? [] : takenNames(document)
  const names = entryNames(providers, taken)
  const patterns = addition.to === 'llm' ? patternsFor(providers, document) : []
  // An entry for one model by name need not say what it is called at the provider.
  const written = providers.map((one, index) =>
    patterns[index] === one.model ? { ...one, model: undefined } : one,
  )
  const entries = entriesOf(written, { names, patterns }, place)
  const { content, paths } = added(loaded, entries, addition)
  const { file, document: after, findings, draft } = editedConfig(loaded, content)
  const slots = keySlots(draft, after)
  const slotNames = paths.map(
    (path, index) =>
      slots.find(slot => path.every((step, at) => slot.path[at] === step))?.name ?? names[index] ?? '',
  )
  const inline = hasKeyInside(entries)
  const keys = keyFiles(providers, entries, place)
  await requireFree(keys, { config, force: false })
  const { kept, file: agw } = await planEntries(providers, slotNames, place)
  return {
    // The config last: at no moment does it refer to what is not there.
    files: [
      ...keys,
      ...(agw === undefined ? [] : [agw]),
      inline ? { ...file, mode: SECRET_MODE, secret: true, what: 'the config, with the key in it' } : file,
    ],
    kept,
    warnings: [
      ...shadowed(patterns, names, document),
      ...(addition.to === 'routes'
        ? [...prefixWarning(entries, addition, document), ...hostWarnings(after, paths)]
        : []),
      ...methodWarnings(providers, slotNames),
      ...shellWarnings(providers, env),
      ...findings.flatMap(one => (one.severity === 'note' ? [] : [`${one.message}: ${one.hint}`])),
    ],
    next: named => nextSteps(providers, slotNames, loaded, named),
  }
}

/** The text with the entries in it, and where each stands. */
function added(
  { document }: LoadedConfig,
  entries: readonly ProviderEntry[],
  addition: Addition,
): { readonly content: string; readonly paths: readonly Path[] } {
  const list: Path = addition.to === 'llm' ? ['llm', 'models'] : addition.place.list
  let count = nodesAt(document.data, ...list).length
  let content = document.text
  const paths: Path[] = []
  for (const entry of entries) {
    const value = addition.to === 'llm' ? llmModel(entry) : routeOf(entry, addition.place, count > 0)
    content = appendValue(content, list, value)
    paths.push([...list, count])
    count += 1
  }
  return { content, paths }
}

function routeOf(entry: ProviderEntry, { reference }: RoutePlace, several: boolean): object {
  const { name, ...rest } = route(entry, several ? `/${entry.name}` : undefined)
  return { name, ...(reference !== undefined && { gateways: reference }), ...rest }
}

function patternsFor(providers: readonly ChosenProvider[], document: ConfigDocument): string[] {
  const taken = new Map<string, unknown>(takenModels(document))
  return providers.map(chosen => {
    const pattern = freeModels(chosen, taken)
    if (pattern === undefined) throw noModel(chosen, takenModels(document), document)
    taken.set(pattern, chosen)
    return pattern
  })
}

function noModel(
  { provider, model }: ChosenProvider,
  taken: ReadonlyMap<string, Path>,
  document: ConfigDocument,
): AgwError {
  const pattern = model ?? provider.pattern
  const hint = `name one that no entry is for, as in --model ${provider.exampleModel}`
  if (pattern === undefined)
    return new AgwError('INPUT_NEEDED', `${provider.label} needs the name of its model`, { hint })
  const path = taken.get(pattern)
  const { line, column } = document.rangeOf(path ?? []).start
  const place = path === undefined ? 'another one here' : `${document.file}:${line}:${column}`
  return new AgwError(
    'USAGE',
    `requests for ${pattern} go to ${place} already, and would never reach ${provider.id}`,
    {
      hint,
    },
  )
}

/** Names of routes and of their first path segments. */
function takenNames({ data }: ConfigDocument): string[] {
  const routes = [
    ...nodesAt(data, 'routes'),
    ...nodesAt(data, 'binds').flatMap(([bind]) =>
      nodesAt(bind, 'listeners').flatMap(([listener]) => nodesAt(listener, 'routes')),
    ),
  ].map(([one]) => one)
  return routes.flatMap(one => [
    textAt(one, 'name') ?? '',
    ...nodesAt(one, 'backends').map(([backend]) => textAt(backend, 'ai', 'name') ?? ''),
    ...nodesAt(one, 'matches').map(([match]) =>
      String(valueAt(match, 'path', 'pathPrefix') ?? valueAt(match, 'path', 'exact') ?? '')
        .replace(/^\//, '')
        .replace(/\/.*$/, ''),
    ),
  ])
}

/** Requests that went elsewhere until now. */
function shadowed(patterns: readonly string[], names: readonly string[], document: ConfigDocument): string[] {
  const star = takenModels(document).get('*')
  if (star === undefined) return []
  const { line } = document.rangeOf(star).start
  return patterns.map(
    (pattern, index) =>
      `requests for ${pattern} go to ${names[index]} from then on, no longer to the entry for all models in line ${line}`,
  )
}

function prefixWarning(
  entries: readonly ProviderEntry[],
  { place }: { readonly place: RoutePlace },
  document: ConfigDocument,
): string[] {
  const isFirst = nodesAt(document.data, ...place.list).length === 0
  const paths = (isFirst ? entries.slice(1) : entries).map(({ name }) => `/${name}`)
  if (paths.length === 0) return []
  return [
    `${paths.join(' and ')} ${paths.length === 1 ? 'is the path' : 'are the paths'} of what is added: clients put it in front, as in ${paths[0]}/v1/chat/completions`,
  ]
}

/** A key that is handed over goes into a place of its own: another backend may need what lies there. */
function refuseOtherKeys(providers: readonly ChosenProvider[], { variables, agw }: LoadedConfig): void {
  for (const { provider, method, key, variable = provider.variable } of providers) {
    if (method !== 'env' || key === undefined) continue
    const there = variables.lookup(variable)
    if (there?.value.equals(key) || (there === undefined && agw?.entries.has(variable) !== true)) continue
    throw new AgwError('FILE_EXISTS', `${variable} has another key already`, {
      hint: 'give this one a variable of its own with --env NAME, or leave the key out to use that one',
    })
  }
}

function nextSteps(
  providers: readonly ChosenProvider[],
  names: readonly string[],
  { variables }: LoadedConfig,
  file: string | undefined,
): string[] {
  const option = file === undefined ? '' : ` --file ${shellWord(file)}`
  const pending = names.filter((_, index) => {
    const chosen = providers[index]
    if (chosen === undefined || !takesKey(chosen.method) || chosen.key !== undefined) return false
    if (chosen.method === 'file') return chosen.keyFile === undefined
    return variables.lookup(chosen.variable ?? chosen.provider.variable) === undefined
  })
  return [
    ...pending.map(name => `agw keys set ${shellWord(name)}${option}`),
    `agw validate${option}`,
    `agw serve${option}  # one that runs takes the change up by itself`,
  ]
}

/** What a config can be added to; undefined where it has neither models nor a listener. */
export function additionTo(
  { data }: ConfigDocument,
  places: readonly RoutePlace[],
): 'llm' | 'routes' | undefined {
  if (isNode(data) && isNode(data['llm'])) return 'llm'
  return places.length > 0 ? 'routes' : undefined
}
