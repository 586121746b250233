import {
  type AskedCredential,
  type DestinationExplanation,
  isTaken,
  type NamedPlace,
  type RouteExplanation,
  withCredential,
} from '../gateway/index.ts'
import { Secret } from '../secrets/secret.ts'
import type { ClientKeys } from './client-keys.ts'
import { exampleModel, usualModel } from './example-model.ts'
import { type ConcreteRequest, concrete, type WantedRequest } from './request.ts'

/** A request as it is sent, and the way it takes. */
export interface Way {
  readonly request: ConcreteRequest
  /** The same without the credentials that were put into it. */
  readonly bare: ConcreteRequest
  /** Where the gateway is shown what was given for it. */
  readonly gates: readonly Gate[]
  readonly explanation: RouteExplanation
}

/** A credential for the gateway, as it stands in the request, and where. */
export interface Gate {
  readonly place: NamedPlace
  readonly secret: Secret
}

/** Asks which way a request takes that shows those credentials. */
export type Explain = (request: ConcreteRequest, credentials?: readonly Secret[]) => Promise<RouteExplanation>

/** The backend that gets most of such requests. */
export function mostLikely({ destinations }: RouteExplanation): DestinationExplanation | undefined {
  return destinations.toSorted((one, other) => other.share - one.share)[0]
}

/**
 * What the gateway asks for that has refused the request; else what it would know its client by, unless all that is left is
 * for the provider.
 */
function askedBy({ explanation, request }: Way, left: number): AskedCredential | undefined {
  const refusing = explanation.answer?.asks
  if (refusing !== undefined) return refusing
  if (mostLikely(explanation)?.passthrough !== undefined && left < 2) return undefined
  return explanation.policies.find(({ asks }) => asks?.place !== undefined && !isTaken(asks.place, request))
    ?.asks
}

/**
 * Makes the request that was described: with what the gateway asks its clients for, where that was given, and with a model
 * that it leads somewhere, where none was named.
 */
export async function findWay(wanted: WantedRequest, explain: Explain, keys: ClientKeys): Promise<Way> {
  const bare = concrete({ ...wanted, model: wanted.model ?? usualModel(wanted.path) })
  const first = { request: bare, bare, gates: [], explanation: await explain(bare) }
  const admitted = await throughGates(first, explain, keys)
  if (wanted.model !== undefined) return admitted
  const { gates, request } = admitted
  const { path, headers } = request
  const asking = (model: string): ConcreteRequest => ({ ...concrete({ ...wanted, model }), path, headers })
  const shown = gates.map(({ secret }) => secret)
  const model = await exampleModel(wanted.path, admitted.explanation, one => explain(asking(one), shown))
  if (model === usualModel(wanted.path)) return admitted
  return {
    gates,
    request: asking(model),
    bare: concrete({ ...wanted, model }),
    explanation: await explain(asking(model), shown),
  }
}

/** The same request with what was given for the gateway, wherever that looks for something, as long as there is any. */
async function throughGates(way: Way, explain: Explain, keys: ClientKeys): Promise<Way> {
  if (keys.left === 0) return way
  const { place, isPair = false } = askedBy(way, keys.left) ?? {}
  if (place === undefined || isTaken(place, way.request)) return way
  const key = await keys.forGateway(isPair)
  if (key === undefined) return way
  const text = isPair ? Buffer.from(key.reveal()).toString('base64') : key.reveal()
  const request = withCredential(way.request, place, text)
  const gates = [...way.gates, { place, secret: isPair ? new Secret(text, 'given key') : key }]
  const shown = gates.map(({ secret }) => secret)
  return throughGates({ ...way, request, gates, explanation: await explain(request, shown) }, explain, keys)
}
