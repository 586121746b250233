import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { closest } from '../config/did-you-mean.ts'
import { looksSecret } from '../config/shown-word.ts'
import { AgwError } from '../errors.ts'
import type { LoadedConfig } from '../load.ts'
import { whatElse } from '../plain-file.ts'
import { type Addition, additionTo } from '../setup/add-provider.ts'
import { type RoutePlace, routePlaces } from '../setup/route-places.ts'
import type { Prompt } from './prompt.ts'

/** The config that `agw init` is about, and what becomes of one that is there. */
interface InitTarget {
  /** Absolute. */
  readonly path: string
  readonly action: 'write' | 'replace' | 'add'
}

interface TargetFlags {
  readonly file: string
  readonly force: boolean
  readonly add: boolean
  readonly 'dry-run': boolean
}

/**
 * Finds out whether a config is written or added to; a person is asked where one is there. Throws USAGE for standard
 * output, CONFIG_NOT_FOUND where there is nothing to add to, FILE_EXISTS where a config is that shall stay.
 */
export async function initTarget(flags: TargetFlags, cwd: string, prompt: Prompt): Promise<InitTarget> {
  if (flags.file === '-') {
    throw new AgwError('USAGE', 'a config is written to a file, not to standard output', {
      hint: 'name one with --file PATH',
    })
  }
  const path = resolve(cwd, flags.file)
  const there = await stat(path).catch(() => undefined)
  // Nothing is lost with a file that has nothing in it.
  const isThere = there !== undefined && (there.size > 0 || !there.isFile())
  if (!isThere) {
    if (!flags.add) return { path, action: 'write' }
    throw new AgwError('CONFIG_NOT_FOUND', `there is no ${flags.file} to add to`, {
      hint: 'leave --add out to write a new one, or name another with --file PATH',
    })
  }
  if (flags.add) return { path, action: 'add' }
  if (flags.force || flags['dry-run']) return { path, action: 'replace' }
  const what = there && whatElse(there)
  if (what !== undefined) {
    throw new AgwError('WRITE_FAILED', `a config cannot be written to ${flags.file}: ${what}`, {
      hint: 'name a file with --file PATH',
    })
  }
  if (!prompt.allowed) {
    throw new AgwError('FILE_EXISTS', `${flags.file} is there already`, {
      hint: 'add to it with --add, replace it with --force, look first with --dry-run, or write another with --file PATH',
    })
  }
  const action = await prompt.select(
    '--add or --force',
    `${flags.file} is there already. What now?`,
    [
      { value: 'add', name: 'add a provider to it: all that stands in it stays' },
      { value: 'replace', name: 'replace it by a new one' },
      { value: 'leave', name: 'leave it as it is' },
    ],
    'add',
  )
  if (action === 'leave') throw new AgwError('DECLINED', 'nothing was written')
  return { path, action }
}

/** What says how a config is written anew, and has no use where one is added to. */
interface AddFlags {
  readonly at?: string | undefined
  readonly port?: number | undefined
  readonly style?: string | undefined
  readonly method?: string | undefined
}

/** Where in a config providers are added. Throws USAGE where that leaves a doubt, CONFIG_INVALID where there is no place. */
export async function chooseAddition(
  { document, name }: LoadedConfig,
  flags: AddFlags,
  prompt: Prompt,
): Promise<Addition> {
  for (const flag of ['port', 'style'] as const) {
    if (flags[flag] === undefined) continue
    throw new AgwError('USAGE', `--${flag} has no use with --add: ${name} has its own`, {
      hint: 'leave it out',
    })
  }
  if (flags.method === 'kubernetes') {
    throw new AgwError(
      'USAGE',
      '--method kubernetes writes the manifests of a new config, and adds to none',
      {
        hint: 'add the provider with --method env, then send its key to the cluster with `keys set NAME --method kubernetes`',
      },
    )
  }
  const places = routePlaces(document)
  const to = additionTo(document, places)
  if (to === undefined) {
    throw new AgwError('CONFIG_INVALID', `${name} has neither models nor a listener for HTTP to add to`, {
      hint: 'write another config with --file PATH, or replace this one with --force',
    })
  }
  if (to === 'routes') {
    const place = usualPlace(places, flags.at) ?? (await choosePlace(places, flags.at, prompt))
    return { to, place, ...(place !== usualPlace(places, undefined) && { at: flags.at ?? place.id }) }
  }
  if (flags.at === undefined) return { to }
  throw new AgwError(
    'USAGE',
    `--at has no use here: ${name} has models (llm), to which the provider is added`,
    {
      hint: 'leave it out',
    },
  )
}

/** The only listener, or the one that routes are for which name none. */
function usualPlace(places: readonly RoutePlace[], at: string | undefined): RoutePlace | undefined {
  if (at !== undefined) return undefined
  return places.length === 1 ? places[0] : places.find(({ id }) => id === 'gateways.default')
}

async function choosePlace(
  places: readonly RoutePlace[],
  at: string | undefined,
  prompt: Prompt,
): Promise<RoutePlace> {
  const ids = places.map(({ id }) => id)
  const list = places.map(shown).join(', ')
  if (at !== undefined) {
    const named = places.filter(({ id, name }) => id === at || name === at)
    if (named[0] !== undefined && named.length === 1) return named[0]
    const meant = closest(at, ids)
    const what = looksSecret(at, ids) ? 'that' : JSON.stringify(at)
    throw new AgwError(
      'USAGE',
      named.length === 0
        ? `--at: ${what} is no listener of this config`
        : `--at: several listeners are called ${what}`,
      { hint: meant === undefined ? `there is: ${list}` : `did you mean ${meant}?` },
    )
  }
  if (!prompt.allowed)
    throw new AgwError('USAGE', `the config has ${places.length} listeners`, {
      hint: `name one with --at: ${list}`,
    })
  const id = await prompt.select(
    '--at PLACE',
    'Which listener is the route for?',
    places.map(place => ({ value: place.id, name: shown(place) })),
  )
  return places.find(place => place.id === id) ?? (places[0] as RoutePlace)
}

function shown({ id, name }: RoutePlace): string {
  return name === undefined || id.endsWith(`.${name}`) ? id : `${id} (${name})`
}
