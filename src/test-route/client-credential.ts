import { isVirtualKey } from '../clients/index.ts'
import { formatPath, type KeySlot } from '../config/index.ts'
import { AgwError } from '../errors.ts'
import {
  type DestinationExplanation,
  isTaken,
  type NamedPlace,
  placeWords,
  withCredential,
} from '../gateway/index.ts'
import type { Secret } from '../secrets/secret.ts'
import type { ClientKeys } from './client-keys.ts'
import type { ConcreteRequest } from './request.ts'
import { mostLikely, type Way } from './way.ts'

/** The slot of a destination that sends no key of its own, because the config says that the client brings one. */
export function passthroughSlot(
  slots: readonly KeySlot[],
  destination: DestinationExplanation | undefined,
): KeySlot | undefined {
  if (destination === undefined || destination.key !== undefined) return undefined
  return slots.find(({ method, backend }) => {
    if (method !== 'passthrough' || backend === undefined) return false
    const place = formatPath(backend)
    return place === destination.path || place.startsWith(`${destination.path}.`)
  })
}

/** Headers in which a client may bring a key of its own accord. */
const USUAL = ['authorization', 'x-api-key', 'api-key', 'x-goog-api-key']

/** Something of the client's goes on to the provider by which it may know it. */
function showsProvider(way: Way, destination: DestinationExplanation): boolean {
  // A token that is good goes on.
  return destination.passthrough?.isPut === true || isTokenOpen(way) || showsUsual(destination)
}

/** Whether the client's token is good is not decided. */
function isTokenOpen({ explanation }: Way): boolean {
  return explanation.undecided.some(({ name }) => name === 'jwtAuth')
}

function showsUsual({ upstream }: DestinationExplanation): boolean {
  return upstream.headers.some(({ name }) => USUAL.includes(name.toLowerCase()))
}

/** A credential of the client goes on to the upstream of the request. */
export function goesUpstream(way: Way): boolean {
  const destination = mostLikely(way.explanation)
  if (destination === undefined) return false
  const place = destination.passthrough?.place
  if (place !== undefined)
    return showsProvider(way, destination) || (!('header' in place) && isTaken(place, way.request))
  // A token that is good is taken out.
  return !isTokenOpen(way) && showsUsual(destination)
}

/**
 * Throws INPUT_NEEDED where what was given for the gateway would go on to an upstream, or to whom copies are sent: a policy that
 * needs none lets one pass that it does not know, and leaves it where it is. A token may be meant to go on.
 */
export function requireKept({ gates, explanation }: Way): void {
  const { destinations, policies, undecided } = explanation
  const places = policies.flatMap(({ name, asks }) => (name === 'jwtAuth' && asks?.place ? [asks.place] : []))
  const ofTokens = new Set(places.map(placeWords))
  const isOpen = undecided.some(({ name }) => name === 'jwtAuth')
  const isShown = destinations.some(({ passthrough, passedOn }) =>
    gates.some(({ place, secret }) => {
      const isToken = ofTokens.has(placeWords(place)) && (isOpen || passthrough?.isPut === true)
      return !isToken && passedOn.some(one => one.secret === secret)
    }),
  )
  const isCopied = destinations.some(({ copied }) =>
    gates.some(({ secret }) => copied.some(one => one.secret === secret)),
  )
  if (!isShown && !isCopied) return
  const whom = isShown ? 'the provider' : 'the host that requestMirror sends copies to'
  throw new AgwError(
    'INPUT_NEEDED',
    `the gateway lets what was given for it pass, and ${whom} would be shown it`,
    { hint: 'give one that the gateway knows, or try the way with --explain or --mock' },
  )
}

/**
 * The place where a client shows the provider its credential, and the gateway takes it out for itself: nothing is left that
 * the provider would see.
 */
export function placeOfNoUse(way: Way): NamedPlace | undefined {
  const destination = mostLikely(way.explanation)
  const place = destination?.passthrough?.place
  if (destination === undefined || place === undefined || showsProvider(way, destination)) return undefined
  return 'header' in place && isTaken(place, way.request) ? place : undefined
}

/** A request with the client's credential for the provider. */
interface Shown {
  readonly request: ConcreteRequest
  readonly secret: Secret
}

/** How a credential for a provider is asked for. */
interface Wanting {
  /** Its absence is what is tried. */
  readonly mayLack: boolean
  /** Nothing is sent: nobody is asked, and what must not be shown to a provider is left out. */
  readonly isExplained: boolean
  readonly isKnown: (key: Secret) => boolean
  readonly onNote: (message: string) => void
}

/**
 * The request with the client's credential for a `passthrough` slot; undefined where it has one already, or none has to be.
 * Throws INPUT_NEEDED when none is given, and when it is one that gateways know clients by.
 */
export async function withProviderCredential(
  slot: KeySlot,
  way: Way,
  keys: ClientKeys,
  { mayLack, isExplained, isKnown, onNote }: Wanting,
): Promise<Shown | undefined> {
  const { request, gates } = way
  const destination = mostLikely(way.explanation)
  const place = destination?.passthrough?.place
  if (destination === undefined || place === undefined || (isExplained && keys.left === 0)) return undefined
  if (isTaken(place, request) || showsProvider(way, destination)) return undefined
  const key = await keys.forProvider(slot)
  const passes = `${slot.name} passes the client's own credential on`
  const kind = key && kindForGateway(key, way, isKnown)
  if (kind !== undefined) {
    const asked = way.explanation.policies.find(({ asks }) => asks?.place !== undefined)?.asks?.place
    const message = `${passes}, and what was given is ${kind}: no provider is shown it`
    if (isExplained) {
      onNote(message)
      return undefined
    }
    throw new AgwError('INPUT_NEEDED', message, {
      hint:
        asked === undefined || placeWords(asked) === placeWords(place)
          ? 'give the one that the provider knows'
          : `give the one that the provider knows as well, by another --key-from-env; or the gateway's ${otherWay(asked)}`,
    })
  }
  if (key !== undefined) return { request: withCredential(request, place, key.reveal()), secret: key }
  if (mayLack || isExplained) return undefined
  const [gate] = gates
  if (gate === undefined) {
    throw new AgwError('INPUT_NEEDED', `${passes}, and this request has none`, {
      hint: 'give it with --key-from-env VAR, or pipe it in with --key-from-stdin',
    })
  }
  throw new AgwError('INPUT_NEEDED', `${passes}, and the key that was given is for the gateway`, {
    hint: `give the provider's as well, by another --key-from-env; or the gateway's ${otherWay(gate.place)}`,
  })
}

/** What a credential is that gateways know clients by; undefined of one that may be for a provider. */
function kindForGateway(
  key: Secret,
  { explanation }: Way,
  isKnown: (key: Secret) => boolean,
): string | undefined {
  if (isKnown(key) || isVirtualKey(key.reveal())) return 'a virtual key, which gateways take'
  const isPair = explanation.policies.some(({ asks }) => asks?.isPair === true) && key.reveal().includes(':')
  return isPair ? 'a name and a password, for the gateway' : undefined
}

/** How to give a credential without the flags for keys. */
function otherWay(place: NamedPlace): string {
  if ('header' in place) return `as AGW_REQUEST_HEADER="${place.header}: ${place.prefix}…"`
  return 'cookie' in place
    ? `as AGW_REQUEST_HEADER="cookie: ${place.cookie}=…"`
    : `in the path, as in /v1/models?${place.parameter}=…`
}
