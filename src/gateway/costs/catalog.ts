import { isObject } from '../../json.ts'
import { KINDS, type Prices, type Rates } from './costs.ts'
import { perToken } from './money.ts'

/** Refuses a catalog for what is at a path in it; it throws. */
export type Refuse = (path: readonly (string | number)[], what: string, hint: string) => never

/** Provider → model → what it costs. */
export type Catalog = Map<string, Map<string, Prices>>

/** Something in a catalog, with where it is. */
interface Part {
  readonly value: unknown
  readonly path: readonly (string | number)[]
  readonly refuse: Refuse
}

type Fields = Readonly<Record<string, unknown>>

/**
 * Lays a catalog `{providers: {NAME: {models: {NAME: {rates, tiers, tags}}}}}` over what is known by now: the prices that
 * it has count, and its tiers where it has any. Tags say nothing to the providers that run here.
 */
export function layOver(known: Catalog, written: unknown, refuse: Refuse): void {
  const top = takes({ value: written, path: [], refuse }, ['providers'])
  for (const [provider, part] of entries(top, 'providers')) {
    const models = known.get(provider) ?? new Map<string, Prices>()
    known.set(provider, models)
    for (const [model, one] of entries(takes(part, ['models']), 'models')) {
      models.set(model, laidOver(models.get(model), takes(one, ['rates', 'tiers', 'tags'])))
    }
  }
}

function laidOver(before: Prices | undefined, part: Part & { readonly value: Fields }): Prices {
  const rates = 'rates' in part.value ? ratesOf(below(part, 'rates')) : {}
  const tiers = 'tiers' in part.value ? tiersOf(below(part, 'tiers')) : []
  if ('tags' in part.value) {
    const tags = below(part, 'tags')
    if (listOf(tags).some(tag => typeof tag !== 'string'))
      refused(tags, 'tags are texts', 'write them in quotes')
  }
  return { rates: { ...before?.rates, ...rates }, tiers: tiers.length > 0 ? tiers : (before?.tiers ?? []) }
}

function tiersOf(part: Part): Prices['tiers'] {
  let last = -1
  return listOf(part).map((_, index) => {
    const tier = takes(below(part, index), ['contextOver', 'rates'])
    const { contextOver } = tier.value
    if (typeof contextOver !== 'number' || !Number.isSafeInteger(contextOver) || contextOver < 0)
      return refused(below(tier, 'contextOver'), 'this is not a number of tokens', 'write it as in 200000')
    if (contextOver <= last)
      return refused(below(tier, 'contextOver'), 'this tier is not above the one before it', 'sort the tiers')
    last = contextOver
    return { contextOver, rates: ratesOf(below(tier, 'rates')) }
  })
}

function ratesOf(part: Part): Rates {
  const { value } = takes(part, KINDS)
  const rates: Partial<Record<string, bigint>> = {}
  for (const [kind, price] of Object.entries(value)) {
    if (price === null) continue
    const rate = typeof price === 'string' ? perToken(price) : undefined
    if (rate === undefined)
      refused(
        below(part, kind),
        'this is not an amount of money',
        'write a decimal number in quotes, as in "2.50", with six decimals at most',
      )
    rates[kind] = rate
  }
  return rates
}

/** A map that has no other keys than these. */
function takes(part: Part, keys: readonly string[]): Part & { readonly value: Fields } {
  const { value } = part
  if (!isObject(value)) return refused(part, 'here belongs a map', `write a map with ${keys.join(', ')}`)
  const other = Object.keys(value).find(key => !keys.includes(key))
  if (other !== undefined)
    refused(part, 'this has a key that catalogs do not have', `it takes ${keys.join(', ')}`)
  return { ...part, value }
}

/** The named entries of a map that may be absent. */
function* entries(part: Part & { readonly value: Fields }, name: string): Generator<[string, Part]> {
  if (!(name in part.value)) return
  const map = below(part, name)
  if (!isObject(map.value)) return refused(map, 'here belongs a map', 'write it as NAME: …')
  for (const key of Object.keys(map.value)) yield [key, below(map, key)]
}

function listOf(part: Part): readonly unknown[] {
  return Array.isArray(part.value) ? part.value : refused(part, 'here belongs a list', 'write it in brackets')
}

function below({ value, path, refuse }: Part, step: string | number): Part {
  return { value: (value as Fields)[step], path: [...path, step], refuse }
}

function refused({ path, refuse }: Part, what: string, hint: string): never {
  return refuse(path, what, hint)
}
