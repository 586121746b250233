import { isObject } from '../json.ts'

/** The cheapest call that tells whether a key works: it is not billed and changes nothing. */
export interface Probe {
  /** What is asked below `prefix`, the path of the address in the config. */
  request(key: string, prefix: string | undefined): ProbeRequest
  /** What the answer says of the key. Never repeats anything of the answer: providers echo parts of keys. */
  judge(answer: ProbeAnswer, key: string): Verdict
}

export interface ProbeRequest {
  /** Another host of the same provider; not used where the config names an address of its own. */
  readonly host?: string
  /** Never holds the key. */
  readonly path: string
  /** The key where the provider looks for it, unless the config chooses the place. */
  readonly key: Header
  readonly headers?: readonly Header[]
}

export type Header = readonly [name: string, value: string]

export interface ProbeAnswer {
  readonly status: number
  /** Parsed JSON; undefined where the body is none. */
  readonly body: unknown
}

/** `invalid` only where the provider says so itself; whatever leaves a doubt is `indeterminate`. */
export interface Verdict {
  readonly result: 'valid' | 'invalid' | 'indeterminate'
  /** A clause with the provider as "it": `it refuses the key`. */
  readonly detail: string
  /** The key is known, and something about it stands in the way of requests. */
  readonly limited?: true
}

export const WORKS: Verdict = { result: 'valid', detail: 'it knows the key' }
export const REFUSED: Verdict = { result: 'invalid', detail: 'it refuses the key' }

export function limited(detail: string): Verdict {
  return { result: 'valid', detail: `it knows the key, but ${detail}`, limited: true }
}

export function unclear(detail: string): Verdict {
  return { result: 'indeterminate', detail }
}

export function bearer(key: string): Header {
  return ['authorization', `Bearer ${key}`]
}

/** What a status means where the provider has no rule of its own for it. */
export function usualVerdict({ status, body }: ProbeAnswer): Verdict {
  if (status < 300) return unclear('its answer does not look like the one expected there')
  if (status < 400) return unclear('it answers with a redirect, which is not followed')
  if (status === 401)
    return isObject(body)
      ? REFUSED
      : unclear('something refuses the call, but not in the words of the provider')
  if (status === 402) return limited('there is no money on its account')
  if (status === 403) return unclear('it forbids the call: a firewall or a region may be the reason')
  if (status === 404) return unclear('it has nothing at this address')
  if (status === 429) return unclear('it takes no more calls at the moment')
  return unclear(status >= 500 ? 'it is in trouble' : `it answers with status ${status}`)
}

/**
 * A list of models, as OpenAI has it, below the base path. `isPublic` where it is known, or possible, that anybody gets the
 * list: then only a refusal tells something.
 */
export function modelList({ isPublic }: { readonly isPublic: boolean }): Probe {
  return {
    request: (key, prefix) => ({ path: `${below(prefix, '/v1')}/models`, key: bearer(key) }),
    judge: answer => {
      if (answer.status !== 200 || !hasModels(answer.body)) return usualVerdict(answer)
      return isPublic ? unclear('it lists its models, but may do so for anybody') : WORKS
    },
  }
}

function hasModels(body: unknown): boolean {
  return Array.isArray(body) || Array.isArray(field(body, 'data'))
}

/** The base path without a slash at its end. */
export function below(prefix: string | undefined, otherwise: string): string {
  return (prefix ?? otherwise).replace(/\/+$/, '')
}

/** A value inside JSON: `field(body, 'error', 'type')`. */
export function field(body: unknown, ...keys: readonly string[]): unknown {
  let value = body
  for (const key of keys) value = isObject(value) ? value[key] : undefined
  return value
}

/** The same, as text; empty where it is none. */
export function word(body: unknown, ...keys: readonly string[]): string {
  const value = field(body, ...keys)
  return typeof value === 'string' ? value : ''
}
