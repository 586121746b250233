import { askingPlaces, type ClientPlace, entryPlaces, possiblePlaces } from '../clients/index.ts'
import { closest } from '../config/did-you-mean.ts'
import type { ConfigDocument } from '../config/index.ts'
import { looksSecret } from '../config/shown-word.ts'
import { AgwError } from '../errors.ts'
import type { Prompt } from './prompt.ts'

/** What a place is chosen by. */
interface PlaceFlags {
  readonly at?: string | undefined
  readonly 'require-keys': boolean
  readonly yes: boolean
  readonly 'dry-run': boolean
}

/** Where a new client is let in, and whether those without a key are refused there from now on. */
export interface ChosenPlace {
  readonly place: ClientPlace
  readonly strict: boolean
}

/**
 * Finds the place for a new client: the one that is named, the only one that asks for keys, or the only one where clients
 * come in. What is open is asked. Throws USAGE and INPUT_NEEDED where that leaves a doubt.
 */
export async function choosePlace(
  document: ConfigDocument,
  flags: PlaceFlags,
  prompt: Prompt,
): Promise<ChosenPlace> {
  const place =
    flags.at === undefined ? await ownPlace(document, flags, prompt) : namedPlace(document, flags.at)
  if (place.policy !== undefined) return { place, strict: flags['require-keys'] }
  if (!flags['require-keys']) await agreeToAsk(place, flags, prompt)
  return { place, strict: true }
}

async function ownPlace(document: ConfigDocument, flags: PlaceFlags, prompt: Prompt): Promise<ClientPlace> {
  const asking = askingPlaces(document)
  const places = asking.length > 0 ? asking : entryPlaces(document)
  const [first, second] = places
  if (first === undefined) {
    throw new AgwError('CONFIG_INVALID', 'this config has no place where clients come in', {
      hint: 'it needs models (llm) or a listener for HTTP first',
    })
  }
  if (second === undefined) return first
  const what = asking.length > 0 ? 'ask for keys' : 'could ask for keys'
  if (!prompt.allowed) {
    throw new AgwError('USAGE', `${places.length} places of this config ${what}`, {
      hint: `name one with --at${besides(flags, asking.length === 0)}: ${places.map(shown).join(', ')}`,
    })
  }
  const id = await prompt.select(
    '--at PLACE',
    'Where is this client let in?',
    places.map(place => ({ value: place.id, name: shown(place) })),
  )
  return places.find(place => place.id === id) ?? first
}

function namedPlace(document: ConfigDocument, at: string): ClientPlace {
  const places = possiblePlaces(document)
  const byId = places.find(place => place.id === at)
  if (byId !== undefined) return byId
  const [first, second] = places.filter(place => place.name === at)
  if (first !== undefined && second === undefined) return first
  const names = places.map(place => place.id)
  const meant = closest(at, names)
  const what = looksSecret(at, names) ? 'that' : JSON.stringify(at)
  const list = `there is: ${names.slice(0, 12).join(', ')}${names.length > 12 ? ' and more' : ''}`
  throw new AgwError(
    'USAGE',
    second === undefined
      ? `--at: ${what} is no place of this config where clients could be asked for a key`
      : `--at: several places are called ${what}`,
    { hint: second === undefined && meant !== undefined ? `did you mean ${meant}?` : list },
  )
}

function shown({ id, name }: ClientPlace): string {
  return name === undefined || id.endsWith(`.${name}`) ? id : `${id} (${name})`
}

/** What else has to be given where nobody can be asked: whoever is told of one answer alone has to come again for the next. */
function besides(flags: PlaceFlags, closes: boolean): string {
  const more = [
    ...(closes && !flags['require-keys'] ? ['--require-keys'] : []),
    ...(flags.yes || flags['dry-run'] ? [] : ['--yes']),
  ]
  return more.length === 0 ? '' : ` and ${more.join(' and ')}`
}

/** To ask for keys where nobody was asked shuts everybody out who has none. */
async function agreeToAsk(place: ClientPlace, flags: PlaceFlags, prompt: Prompt): Promise<void> {
  const why = `${shown(place)} asks nobody for a key yet`
  if (!prompt.allowed) {
    throw new AgwError(
      'INPUT_NEEDED',
      `${why}: with a list of keys, requests without one are refused there`,
      {
        hint: `say so with --require-keys${besides(flags, false)}, or name another place with --at`,
      },
    )
  }
  const question = `${why}. Refuse requests without one from now on?`
  if (!(await prompt.confirm('--require-keys', question, true)))
    throw new AgwError('DECLINED', 'nothing was written')
}
