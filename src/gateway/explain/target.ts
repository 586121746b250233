import { formatPath } from '../../config/diagnostic.ts'
import { findHeader } from '../../providers/index.ts'
import type { Secret } from '../../secrets/secret.ts'
import { placeWords } from '../auth/named-place.ts'
import { celContext } from '../cel/context.ts'
import type { Destination, Key, Target } from '../destination.ts'
import type { Exchange } from '../exchange.ts'
import { type Answer, NO_VALID_BACKENDS } from '../failures.ts'
import { outgoingHeaders } from '../headers/outgoing-headers.ts'
import { queryCredentialsOf } from '../headers/passthrough.ts'
import { usableNames } from '../llm/allowed-models.ts'
import { withQuery } from '../llm/llm-path.ts'
import { type LlmCall, prepareLlmCall } from '../llm/llm-request.ts'
import { isModelList, modelNames, modelsAnswer } from '../llm/model-list.ts'
import { destinationFor, modelMismatch } from '../llm/model-router.ts'
import { copyFor } from '../mirror.ts'
import type { ModelRouter, Route } from '../runtime.ts'
import { maskTarget } from '../telemetry/mask-target.ts'
import { upgradeRefusal } from '../websocket/refusal.ts'
import { asItIs } from './as-it-is.ts'
import {
  type DestinationExplanation,
  type KeyExplanation,
  levelAt,
  type RefusedDestination,
  type RouteExplanation,
  type TriedRoute,
  type Undecided,
} from './explanation.ts'
import { shownIn } from './passed-on.ts'
import { shownHeaders, toldHeaders } from './told-headers.ts'
import { type Refusal, verdictOf } from './verdict.ts'

/** What becomes of a request once its route is known; `tried` are models of the `llm` section. */
export type Outcome = Pick<RouteExplanation, 'tried' | 'models' | 'destinations' | 'refused' | 'answer'>

/** What is known of the request besides itself. */
interface Asking {
  /** Added to. */
  readonly undecided: Undecided[]
  readonly credentials: readonly Secret[]
  /** As the client sends it. */
  readonly body: Buffer | undefined
}

/** The gateway answers by itself. */
export function answered(
  { status, body, headers = [], decidedBy, asks }: Refusal,
  tried: readonly TriedRoute[] = [],
): Outcome {
  const answer = { status, body: body.toString(), headers: toldHeaders(headers), decidedBy, asks }
  return { tried, models: undefined, destinations: [], refused: [], answer }
}

/** What a backend does with the request: it is called, or it is not, and this is answered in its place. */
type Explained =
  | DestinationExplanation
  | { readonly refusal: Refusal; readonly backend: string; readonly path: string; readonly share: number }

/** The answer is the gateway's own where the one that gets most of the requests refuses them. */
function reached(explained: readonly Explained[], tried: readonly TriedRoute[] = []): Outcome {
  const destinations: DestinationExplanation[] = []
  const refused: RefusedDestination[] = []
  for (const one of explained) {
    if (!('refusal' in one)) destinations.push(one)
    else {
      const { refusal, ...where } = one
      refused.push({ ...where, status: refusal.status, body: refusal.body.toString() })
    }
  }
  const [likeliest] = explained.toSorted((one, other) => other.share - one.share)
  if (likeliest !== undefined && 'refusal' in likeliest)
    return { ...answered(likeliest.refusal, tried), refused }
  return { tried, models: undefined, destinations, refused, answer: undefined }
}

/** Where a route leads to, by all of its backends. */
export async function explainAction(
  { action, path }: Route,
  exchange: Exchange,
  asking: Asking,
): Promise<Outcome> {
  switch (action.kind) {
    case 'none':
      return answered({ ...NO_VALID_BACKENDS, decidedBy: path })
    case 'destinations': {
      const total = action.thresholds.at(-1) ?? 1
      const share = (index: number) =>
        ((action.thresholds[index] ?? 0) - (action.thresholds[index - 1] ?? 0)) / total
      const found: Explained[] = []
      for (const [i, choice] of action.choices.entries()) {
        // A weight of 0 keeps all requests away.
        if (share(i) > 0) found.push(...(await explainTarget(choice, share(i), exchange, asking)))
      }
      return reached(found)
    }
    case 'models':
      return isModelList(exchange)
        ? answered(modelsAnswer(exchange, action))
        : await explainModels(action, exchange, asking)
  }
}

/** The virtual model, or every model up to the one that takes the request. */
function triedModels({ models, virtualModels }: ModelRouter, exchange: Exchange): TriedRoute[] {
  const name = exchange.model ?? ''
  const virtual = virtualModels.get(name)
  if (virtual !== undefined) return [{ name, path: formatPath(virtual.path), hosts: '*', lost: undefined }]
  const tried: TriedRoute[] = []
  for (const one of models) {
    const isAllowed = one.authorization?.allows(celContext(exchange)) ?? true
    const lost =
      modelMismatch(one, { name, isInternal: false }, exchange) ?? (isAllowed ? undefined : 'authorization')
    tried.push({ name: one.name, path: formatPath(one.path), hosts: '*', lost })
    if (lost === undefined) break
  }
  return tried
}

async function explainModels(router: ModelRouter, exchange: Exchange, asking: Asking): Promise<Outcome> {
  const { body, path, query } = exchange
  const asked = { body, path, query }
  const found = destinationFor(exchange, router)
  const tried = triedModels(router, exchange)
  const [first] = asking.undecided
  if (first !== undefined)
    for (const one of tried.filter(({ lost }) => lost === 'authorization'))
      asking.undecided.push({ name: 'authorization', path: one.path, needs: first.needs })
  // Who the caller is, is not known: each of them may be for it.
  const models = [...new Set(modelNames(router, first === undefined ? exchange : undefined, usableNames))]
  if ('status' in found) return { ...answered(found, tried), models }
  const explained: Explained[] = []
  for (const { target, name, share } of targetsFor(found, router, exchange, asked)) {
    if ('status' in target)
      explained.push({ refusal: target, backend: name, path: tried[0]?.path ?? '', share })
    else explained.push(...(await explainTarget(target, share, exchange, asking)))
  }
  return { ...reached(explained, tried), models }
}

interface SharedTarget {
  readonly target: Target | Answer
  /** The model. */
  readonly name: string
  readonly share: number
}

/** The target that was found; of a weighted virtual model, for which one of several was drawn, each in its turn. */
function* targetsFor(
  found: Target,
  router: ModelRouter,
  exchange: Exchange,
  asked: Pick<Exchange, 'body' | 'path' | 'query'>,
): Generator<SharedTarget> {
  const routing = router.virtualModels.get(exchange.userModel ?? '')?.routing
  if (routing?.kind !== 'weighted') return yield { target: found, name: exchange.model ?? '', share: 1 }
  const { models, thresholds } = routing
  const total = thresholds.at(-1) ?? 1
  for (const [index, model] of models.entries()) {
    const share = ((thresholds[index] ?? 0) - (thresholds[index - 1] ?? 0)) / total
    if (share === 0) continue
    // The one before has been put into the request.
    Object.assign(exchange, asked, { json: undefined })
    yield { target: destinationFor(exchange, router, () => model), name: model, share }
  }
}

/** Of groups the first one shares the requests; the others have none as long as it is healthy. */
async function explainTarget(
  target: Target,
  share: number,
  exchange: Exchange,
  asking: Asking,
): Promise<Explained[]> {
  const groups = 'groups' in target ? target.groups : [[target]]
  const found: Explained[] = []
  for (const [priority, group] of groups.entries())
    for (const one of group)
      found.push(await explainDestination(one, priority === 0 ? share / group.length : 0, exchange, asking))
  return found
}

async function explainDestination(
  destination: Destination,
  share: number,
  exchange: Exchange,
  asking: Asking,
): Promise<Explained> {
  // Several destinations are explained with one exchange: each one starts from the client's request.
  const restore = asItIs(exchange)
  exchange.destination = destination
  // Copies leave before the backend's policies have their say.
  const copied = copiedTo(destination, exchange, asking)
  const call = await callOf(destination, exchange, asking)
  const named = { backend: destination.label, path: formatPath(destination.path), share }
  const explained =
    call !== undefined && 'status' in call
      ? { ...named, refusal: call }
      : { ...named, copied, ...explainCall(destination, call, exchange, asking) }
  restore()
  return explained
}

function copiedTo(
  { mirrors }: Destination,
  exchange: Exchange,
  { credentials }: Asking,
): DestinationExplanation['copied'] {
  if (exchange.isUpgrade) return []
  return mirrors.flatMap(mirror => {
    const { headers, path } = copyFor(mirror, exchange)
    return shownIn({ headers, target: path, body: undefined }, credentials)
  })
}

/** What goes to a provider; undefined for a plain host, a refusal where nothing goes. */
async function callOf(
  { ai, steps }: Destination,
  exchange: Exchange,
  { undecided }: Asking,
): Promise<LlmCall | Refusal | undefined> {
  const refusal = await verdictOf(steps, exchange, undecided)
  if (refusal !== undefined) return refusal
  const refused = exchange.isUpgrade ? upgradeRefusal(exchange, ai) : undefined
  return refused ?? (ai && prepareLlmCall(exchange, ai))
}

function explainCall(
  destination: Destination,
  call: LlmCall | undefined,
  exchange: Exchange,
  { credentials, body: sent }: Asking,
): Omit<DestinationExplanation, 'backend' | 'path' | 'share' | 'copied'> {
  const { ai, upstream } = destination
  const before = outgoingHeaders(exchange, destination, undefined)
  const headers = outgoingHeaders(exchange, destination, call)
  const { hiddenParameters } = exchange.generation.runtime.settings
  const path = call?.path ?? exchange.path
  const query = call?.query ?? exchange.query
  const body = call === undefined ? exchange.body : call.body
  const whole = withQuery(path, query, queryCredentialsOf(exchange, destination))
  return {
    provider: ai?.provider.telemetryName,
    providerKind: ai?.provider.kind,
    model: call?.model === '' ? exchange.model : call?.model,
    policies: [...destination.policies, ...destination.steps].map(({ name, path: at }) => ({
      phase: 'backend' as const,
      name,
      level: levelAt(at),
      path: formatPath(at),
    })),
    key: destination.key && explainKey(destination.key, before, headers),
    passthrough: destination.passthrough && {
      place: destination.passthrough,
      isPut: exchange.caller?.jwt !== undefined,
    },
    passedOn: shownIn({ headers, target: whole, body: body?.toString() }, credentials),
    mirrors: (exchange.isUpgrade ? [] : destination.mirrors).map(({ upstream: { endpoint }, share }) => {
      return { endpoint, share }
    }),
    upstream: {
      method: exchange.method,
      url:
        upstream.origin.replace(/:(?:443|80)$/, '') +
        maskTarget(withQuery(path, query, []), hiddenParameters),
      endpoint: upstream.endpoint,
      headers: shownHeaders(headers),
      body: call === undefined && body === sent ? undefined : body?.toString(),
    },
  }
}

function explainKey(key: Key, before: readonly string[], after: readonly string[]): KeyExplanation {
  return {
    slot: formatPath(key.slot),
    secret: key.secret,
    placement: placementOf(key, before, after),
    level: levelAt(key.slot),
  }
}

/** Follows the value from where the config puts it to where the provider leaves it; the value itself is not shown. */
function placementOf(
  { place }: Key,
  before: readonly string[],
  after: readonly string[],
): string | undefined {
  if (!('header' in place)) return placeWords(place)
  const value = before[findHeader(before, place.header) + 1] ?? ''
  for (let i = 0; i < after.length; i += 2) {
    const candidate = after[i + 1] ?? ''
    if (candidate !== '' && (candidate === value || value.endsWith(` ${candidate}`)))
      return `header ${after[i]}`
  }
  return undefined
}
