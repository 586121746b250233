import {
  type AskedCredential,
  type DestinationExplanation,
  isTaken,
  type NamedPlace,
  type RouteExplanation,
  withCredential,
} from '../gateway/index.ts'
import type { ClientKeys } from './client-keys.ts'
import { exampleModel, usualModel } from './example-model.ts'
import { type ConcreteRequest, concrete, type WantedRequest } from './request.ts'

/** A request as it is sent, and the way it takes. */
export interface Way {
  readonly request: ConcreteRequest
  /** The same without the credential that was put into it. */
  readonly bare: ConcreteRequest
  /** Where the gateway is shown a credential that was given for it. */
  readonly gate: NamedPlace | undefined
  readonly explanation: RouteExplanation
}

/** The backend that gets most of such requests. */
export function mostLikely({ destinations }: RouteExplanation): DestinationExplanation | undefined {
  return destinations.toSorted((one, other) => other.share - one.share)[0]
}

/**
 * What the gateway asks for that has refused the request; else what it would know its client by, unless the provider is to be
 * shown something.
 */
function askedBy(explanation: RouteExplanation): AskedCredential | undefined {
  const refusing = explanation.answer?.asks
  if (refusing !== undefined || mostLikely(explanation)?.passthrough !== undefined) return refusing
  return explanation.policies.find(({ asks }) => asks?.place !== undefined)?.asks
}

/**
 * Makes the request that was described: with what the gateway asks its clients for, where that was given, and with a model
 * that it leads somewhere, where none was named.
 */
export async function findWay(
  wanted: WantedRequest,
  explain: (request: ConcreteRequest) => Promise<RouteExplanation>,
  keys: ClientKeys,
): Promise<Way> {
  const bare = concrete({ ...wanted, model: wanted.model ?? usualModel(wanted.path) })
  const first = { request: bare, bare, gate: undefined, explanation: await explain(bare) }
  const admitted = await throughGate(first, explain, keys)
  if (wanted.model !== undefined) return admitted
  const { gate, request } = admitted
  const { path, headers } = request
  const asking = (model: string): ConcreteRequest => ({ ...concrete({ ...wanted, model }), path, headers })
  const model = await exampleModel(wanted.path, admitted.explanation, one => explain(asking(one)))
  if (model === usualModel(wanted.path)) return admitted
  return {
    gate,
    request: asking(model),
    bare: concrete({ ...wanted, model }),
    explanation: await explain(asking(model)),
  }
}

/** The same request with the credential that was given for the gateway, where that looks for one. */
async function throughGate(
  way: Way,
  explain: (request: ConcreteRequest) => Promise<RouteExplanation>,
  keys: ClientKeys,
): Promise<Way> {
  const { place, isPair } = askedBy(way.explanation) ?? {}
  if (place === undefined || isTaken(place, way.bare)) return way
  const key = await keys.forGateway()
  if (key === undefined) return way
  const text = isPair ? Buffer.from(key.reveal()).toString('base64') : key.reveal()
  const request = withCredential(way.bare, place, text)
  return { ...way, request, gate: place, explanation: await explain(request) }
}
