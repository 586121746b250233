import { dirname, join, relative, resolve } from 'node:path'
import { generateConfig, type KeyReference, type ProviderEntry, type Style } from '../config/index.ts'
import { namesApart, wildcardName } from '../config/slot-names.ts'
import { AgwError } from '../errors.ts'
import type { Onboarding, SettingFlag } from '../providers/index.ts'
import { setInDotenv } from '../secrets/index.ts'
import type { Secret } from '../secrets/secret.ts'
import { refuseOtherIn } from './other-key.ts'
import { type PlannedFile, SECRET_MODE } from './planned-file.ts'

/** The ways `agw init` can hand over a key. */
export const INIT_METHODS = [
  'env',
  'file',
  'keychain',
  'encrypted',
  'inline',
  'passthrough',
  'none',
  'kubernetes',
] as const
export type InitMethod = (typeof INIT_METHODS)[number]

/** Whether the gateway has a key of its own by this method. */
export function takesKey(method: InitMethod): boolean {
  return method !== 'passthrough' && method !== 'none'
}

/** Flag → its value. */
export type Settings = Readonly<Partial<Record<SettingFlag, string>>>

/** One provider as it was chosen in the wizard or by flags. */
export interface ChosenProvider {
  readonly provider: Onboarding
  readonly method: InitMethod
  readonly model?: string | undefined
  readonly variable?: string | undefined
  readonly keyFile?: string | undefined
  readonly baseUrl?: string | undefined
  /** What the provider is called with besides its key. */
  readonly settings?: Settings | undefined
  /** The header in which the client's own credential comes, for `passthrough`. */
  readonly header?: string | undefined
  /** The key, where it is given now; else `agw keys set` stores it later. */
  readonly key?: Secret | undefined
}

export interface NewConfigChoices {
  readonly style: Style
  readonly port: number
  readonly providers: readonly ChosenProvider[]
}

/** Where the files go and what is there already. */
export interface NewConfigPlace {
  /** Absolute path of the config. */
  readonly config: string
  /** The folder that a running gateway resolves relative key files against. */
  readonly cwd: string
  /** The text of `.env` beside the config, empty when there is none. */
  readonly dotenv: string
  /** What stands in it may be replaced. */
  readonly force?: boolean
}

/** Choices → every file of a new set-up. Throws INPUT_NEEDED when a choice is missing that cannot be guessed. */
export function planNewConfig(
  { style, port, providers }: NewConfigChoices,
  place: NewConfigPlace,
): PlannedFile[] {
  const names = { names: entryNames(providers), patterns: patternsOf(providers) }
  const entries = entriesOf(providers, names, place)
  const inline = hasKeyInside(entries)
  const config: PlannedFile = {
    path: place.config,
    content: generateConfig({ style, port, providers: entries }),
    ...(inline && { mode: SECRET_MODE }),
    what: inline ? 'the config, with the key in it' : 'the config',
    secret: inline,
  }
  return [config, ...keyFiles(providers, entries, place)]
}

/** What the entries of providers are called, and which models they are for. */
interface EntryNames {
  readonly names: readonly string[]
  readonly patterns: readonly string[]
}

/** Providers as they stand in a config. */
export function entriesOf(
  providers: readonly ChosenProvider[],
  { names, patterns }: EntryNames,
  place: NewConfigPlace,
): ProviderEntry[] {
  return providers.map((chosen, index) =>
    entryOf(chosen, names[index] ?? chosen.provider.id, patterns[index] ?? '*', place),
  )
}

/** Whether a key stands in one of them. */
export function hasKeyInside(entries: readonly ProviderEntry[]): boolean {
  return entries.some(entry => entry.key.method === 'inline')
}

/** `openai`, and `openai-2` for the second of a kind: what backends, key files and manifests are called. */
export function entryNames(providers: readonly ChosenProvider[], taken: Iterable<string> = []): string[] {
  const seen = new Set(taken)
  return providers.map(({ provider: { id } }) => {
    let name = id
    for (let count = 2; seen.has(name); count += 1) name = `${id}-${count}`
    seen.add(name)
    return name
  })
}

function patternsOf(providers: readonly ChosenProvider[]): string[] {
  const several = providers.length > 1
  return providers.map(({ provider, model }, index) => (several ? modelsOf(provider, model, index) : '*'))
}

/** What `agw keys` calls the slots of the new config. */
export function slotNames({ style, providers }: NewConfigChoices): string[] {
  if (style !== 'llm') return entryNames(providers)
  const patterns = patternsOf(providers)
  const models = providers.map(({ provider: { words }, baseUrl }, index) => {
    const pattern = patterns[index] ?? '*'
    const host = baseUrl === undefined ? undefined : new URL(baseUrl).hostname
    return pattern.includes('*') ? wildcardName(pattern, words.llm, host) : { name: pattern }
  })
  return namesApart(models)
}

/** The files that the given keys go into, besides the config. Throws FILE_EXISTS where one would take the place of another. */
export function keyFiles(
  providers: readonly ChosenProvider[],
  entries: readonly ProviderEntry[],
  place: NewConfigPlace,
): PlannedFile[] {
  const files: PlannedFile[] = []
  const path = join(place.config, '..', '.env')
  let dotenv = place.dotenv
  /** What nothing may take the place of. */
  let kept = place.force === true ? '' : place.dotenv
  for (const [index, entry] of entries.entries()) {
    const { key, method } = providers[index] ?? {}
    if (key === undefined || method === 'kubernetes') continue
    if (method === 'env' && entry.key.method === 'env') {
      const { variable } = entry.key
      const hint = `give this one a variable of its own with --env NAME${place.force === true ? '' : ', or replace the other with --force'}`
      refuseOtherIn({ path, text: kept }, variable, key, hint)
      kept = setInDotenv(kept, variable, key.reveal())
      dotenv = setInDotenv(dotenv, variable, key.reveal())
    }
    if (entry.key.method === 'file') {
      const path = resolve(place.cwd, entry.key.path)
      files.push({ path, content: `${key.reveal()}\n`, mode: SECRET_MODE, what: 'the key', secret: true })
    }
  }
  if (dotenv !== place.dotenv) {
    const madeOf = place.dotenv
    files.push({ path, content: dotenv, madeOf, mode: SECRET_MODE, what: 'the variable', secret: true })
  }
  return files
}

/**
 * Which models one of several providers answers for: the first for all that no other one is for, as most providers
 * have models of many names. Throws INPUT_NEEDED where nothing tells.
 */
export function modelsOf(provider: Onboarding, model: string | undefined, index: number): string {
  if (index === 0 && model === undefined) return '*'
  const models = provider.pattern ?? model
  if (models !== undefined) return models
  throw new AgwError(
    'INPUT_NEEDED',
    `with several providers, ${provider.label} needs the name of its model`,
    {
      hint: `give --model once for each --provider, in the same order, as in --model ${provider.exampleModel}; or put it first: it is then for every model that no other one is for`,
    },
  )
}

function entryOf(
  chosen: ChosenProvider,
  name: string,
  pattern: string,
  place: NewConfigPlace,
): ProviderEntry {
  const { provider } = chosen
  const baseUrl = baseUrlOf(chosen)
  const endpoint = baseUrl === undefined ? provider.endpoint : { url: baseUrl, preset: false }
  if (provider.id === 'openai-compatible' && endpoint === undefined) {
    throw new AgwError('INPUT_NEEDED', 'an OpenAI-compatible host needs its address', {
      hint: 'give --base-url, as in --base-url https://llm.example.com/v1',
    })
  }
  return {
    name,
    words: provider.words,
    model: chosen.model,
    pattern,
    endpoint,
    settings: { llm: settingsOf(chosen, 'llm'), ai: settingsOf(chosen, 'ai') },
    key: keyReference(chosen, name, place),
    keyHeader: provider.keyHeader,
    routes: provider.routes,
  }
}

/** Whose APIs stand below /v1, at their own hosts and at all that do as they do. */
const BELOW_V1: ReadonlySet<string> = new Set(['openAI', 'anthropic'])

/** The address that was chosen. One without a path is that of a host whose APIs are where they usually are. */
export function baseUrlOf({ baseUrl, provider }: ChosenProvider): string | undefined {
  if (baseUrl === undefined || !BELOW_V1.has(provider.words.ai)) return baseUrl
  const { origin, pathname, search } = new URL(baseUrl)
  return pathname === '/' && search === '' ? `${origin}/v1` : baseUrl
}

/** What a provider is called with besides its key, in the words of a style. Throws INPUT_NEEDED where something is missing. */
export function settingsOf(
  { provider, settings = {} }: ChosenProvider,
  style: 'llm' | 'ai',
): Record<string, string> {
  const found: Record<string, string> = {}
  for (const { flag, question, words, otherwise, isOptional } of provider.settings ?? []) {
    const value = settings[flag] ?? otherwise
    if (value !== undefined) found[words[style]] = value
    else if (isOptional === undefined) {
      throw new AgwError('INPUT_NEEDED', `${provider.label} needs --${flag}`, {
        hint: `give it: ${question[0]?.toLowerCase()}${question.slice(1)}`,
      })
    }
  }
  return found
}

function keyReference(chosen: ChosenProvider, name: string, place: NewConfigPlace): KeyReference {
  switch (chosen.method) {
    case 'passthrough':
      return { method: 'passthrough', header: chosen.header }
    case 'none':
      return { method: 'none' }
    case 'inline':
      if (chosen.key === undefined) {
        throw new AgwError('INPUT_NEEDED', 'the inline method needs the key now', {
          hint: 'pipe it in with --key-from-stdin (for several providers one a line), or name a variable with --key-from-env; --method env or file keeps it out of the config',
        })
      }
      return { method: 'inline', value: chosen.key }
    case 'file':
      return { method: 'file', path: newKeyFile(chosen.keyFile, `${name}.key`, place) }
    case 'env':
    case 'keychain':
    case 'encrypted':
    case 'kubernetes':
      return { method: 'env', variable: chosen.variable ?? chosen.provider.variable }
  }
}

/**
 * How a config names a new key file: a name of its own lies beside the config, a given one where the shell means it.
 * Relative where config and working folder are the same, absolute elsewhere, so that it is found from anywhere.
 */
export function newKeyFile(
  given: string | undefined,
  own: string,
  place: Pick<NewConfigPlace, 'config' | 'cwd'>,
): string {
  const folder = dirname(place.config)
  const path = given === undefined ? resolve(folder, own) : resolve(place.cwd, given)
  return relative(place.cwd, folder) === '' ? (given ?? own) : path
}
