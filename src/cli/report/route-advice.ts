import { callTwiceIn } from '../../config/index.ts'
import { suggested } from '../../suggested.ts'
import type { RouteTest } from '../../test-route/test-route.ts'

/** So many names of models are told. */
const MOST_MODELS = 12

/** What to do about an answer that nobody will have wanted; undefined where it is not known. */
export function routeAdvice(test: RouteTest): string | undefined {
  const { refusedPage } = test
  if (refusedPage !== undefined) {
    return `no browser lets a page of ${refusedPage.origin} send this: let the cors policy allow it, in ${refusedPage.list}`
  }
  return (
    adviceOfGate(test) ??
    adviceOnModel(test) ??
    adviceOnHost(test) ??
    adviceOnLimit(test) ??
    (statusOf(test) === 401 ? adviceOfProvider(test) : undefined) ??
    adviceOnAddress(test)
  )
}

function statusOf({ answer, explanation }: RouteTest): number | undefined {
  return (answer ?? explanation.answer)?.status
}

/** Where the gateway asks a client who it is. */
function adviceOfGate({ asks, answer, answeredBy, explanation }: RouteTest): string | undefined {
  if (asks !== undefined) {
    if (asks.place === undefined) {
      return 'an expression of the config finds the credential that the gateway asks its clients for: give one with -H or in the path, where that expression looks'
    }
    if (asks.isShown)
      return `the gateway does not take the credential in ${asks.place}: look at it, and at the policy that decides`
    return asks.isAnother
      ? `the gateway asks its clients for another credential besides: one more --key-from-env VAR gives it where this policy looks for it, in ${asks.place}`
      : `the gateway asks its clients for a credential: --key-from-env VAR or --key-from-stdin gives one where this policy looks for it, in ${asks.place}`
  }
  const [open] = explanation.undecided
  if (answer?.status !== 401 || answeredBy !== 'gateway' || open === undefined) return undefined
  return `${open.name} refuses the credential: it needs ${open.needs}; can they be fetched from here?`
}

/** Where the model leads nowhere for this client. */
function adviceOnModel({ answer, explanation, destination }: RouteTest): string | undefined {
  const { models, answer: own } = explanation
  if (models === undefined || destination !== undefined || own === undefined) return undefined
  // Something else may be wrong with the request.
  if (!/"code":"(?:\w+_)?model(?:_\w+)?"/.test(own.body)) return undefined
  if (answer !== undefined && answer.status !== own.status) return undefined
  if (models.length === 0) return 'this client may ask for no model of the config'
  const names = [...models].sort((one, other) => Number(one.includes('*')) - Number(other.includes('*')))
  const more = names.length > MOST_MODELS ? ', …' : ''
  return `this client may ask for these models: ${names.slice(0, MOST_MODELS).join(', ')}${more}; --model NAME names one`
}

/** Where there are routes for other hosts only, or on other ports. */
function adviceOnHost({ explanation, otherPorts }: RouteTest): string | undefined {
  if (explanation.route !== undefined || explanation.answer?.status !== 404) return undefined
  const elsewhere = explanation.tried.find(
    ({ lost, hosts }) => (lost === 'host' || lost === 'listener') && hosts !== '*',
  )
  if (elsewhere !== undefined)
    return `--host asks as clients of another host do: --host ${elsewhere.hosts.replace('*', 'www')}`
  const [first] = otherPorts
  return first === undefined
    ? undefined
    : `the first port of the config was asked; it has others: --port ${first}`
}

/** Where the gateway's own limit refuses, by its own words where nobody can tell who has answered. */
function adviceOnLimit({ answer, answeredBy, explanation }: RouteTest): string | undefined {
  if (answer?.status !== 429) return undefined
  if (answeredBy !== 'gateway' && !(answeredBy === undefined && answer.body === 'rate limit exceeded'))
    return undefined
  const limit = explanation.policies.find(({ name }) => name === 'localRateLimit')
  return limit && `this is more than the localRateLimit at ${limit.path} allows: wait, or let it allow more`
}

/** What to do about a 401 that the upstream has given. */
function adviceOfProvider(test: RouteTest): string | undefined {
  const { placeOfNoUse, slot, destination, isClientKeySent, answeredBy } = test
  if (destination === undefined || answeredBy === 'gateway') return undefined
  if (placeOfNoUse !== undefined) {
    return `the gateway takes the credential of ${placeOfNoUse} for itself, so that none is left for the provider: let its policy look elsewhere, by a location, or give the backend a key`
  }
  if (destination.key !== undefined) {
    if (slot === undefined) return undefined
    return `the provider does not take the key of ${slot.name}: ${suggested('keys', 'check', slot.name)} asks it, ${suggested('keys', 'set', slot.name)} stores another`
  }
  if (isClientKeySent) return "the provider does not take the client's own key"
  return "the provider was given no key by the gateway: --key-from-env VAR gives the client's own"
}

/** Where the provider is asked for a path that it cannot have. */
function adviceOnAddress({ destination, answer }: RouteTest): string | undefined {
  const call = callTwiceIn(destination?.upstream.url ?? '')
  if (destination === undefined || call === undefined || (answer?.status ?? 404) < 300) return undefined
  return `the provider is asked for ${call} twice: leave it out at the end of the baseUrl or pathPrefix of ${destination.path}`
}

/** Why the request did not pass, and how it would. */
export function whyNot(test: RouteTest): string {
  const { expectStatus, decidedBy, asks, answer, refusedPage } = test
  const got = statusOf(test)
  if (answer?.trouble !== undefined) return ': the answer is not whole'
  if (expectStatus !== undefined) {
    return got === undefined
      ? `: expected ${expectStatus}, and nothing was sent`
      : `: expected ${expectStatus}, got ${got}`
  }
  if (got === undefined) return ''
  if (refusedPage !== undefined && got < 300) return `: no page of ${refusedPage.origin} may send it`
  // What the config decides may well be what it is for.
  const isMeant = decidedBy !== undefined && asks === undefined && got < 500
  return `: got ${got}, and any 2xx passes${isMeant ? `; --expect-status ${got} expects it` : ''}`
}
