import { compiled, type Written } from '../checking/compiled.ts'
import { refuseUnsupported, unsupportedFindings } from '../checking/unsupported.ts'
import { clientEntries, hashOf } from '../clients/index.ts'
import type { Path } from '../config/diagnostic.ts'
import { formatPath, type KeySlot, keySlots } from '../config/index.ts'
import { AgwError } from '../errors.ts'
import {
  type DestinationExplanation,
  explainRoute,
  isTaken,
  placeWords,
  type RouteExplanation,
} from '../gateway/index.ts'
import { type LoadedConfig, type LoadOptions, loadConfig, loadUsable } from '../load.ts'
import { mockNote } from '../mock-note.ts'
import { requireKeyPlaces } from '../require-config.ts'
import { placeholderSecrets, type ResolvedConfig, type Secret } from '../secrets/index.ts'
import { type Answerer, askGateway } from './ask.ts'
import {
  goesUpstream,
  passthroughSlot,
  placeOfNoUse,
  requireKept,
  withProviderCredential,
} from './client-credential.ts'
import type { ClientKeys } from './client-keys.ts'
import type { ConcreteRequest, WantedRequest } from './request.ts'
import type { TimedAnswer } from './send-request.ts'
import { findWay, mostLikely, type Way } from './way.ts'

export { secretsGiven } from './request.ts'

export interface RouteTestOptions {
  readonly load: LoadOptions
  readonly request: WantedRequest
  /** A gateway that runs already; absent, one is started for the moment. */
  readonly url?: string | undefined
  /** Send nothing. */
  readonly explain: boolean
  readonly mock: boolean
  readonly connectTo: readonly string[]
  readonly expectStatus?: number | undefined
  readonly timeoutMs: number
  readonly onSecret: (secret: Secret) => void
  /** Told before anything is sent. */
  readonly onNote: (message: string) => void
  readonly keys: ClientKeys
}

/** Which way a request takes and what came back. */
export interface RouteTest {
  readonly request: {
    readonly method: string
    readonly path: string
    readonly host: string
    /** The one that its body asks for. */
    readonly model: string | undefined
  }
  readonly explanation: RouteExplanation
  /** The backend that was called; else the one that is most likely. */
  readonly destination: DestinationExplanation | undefined
  readonly slot: KeySlot | undefined
  /** The key was read; with `explain` or `mock` it may be missing, and its place is all that is known. */
  readonly isKeyKnown: boolean
  /** Absent with `explain`. */
  readonly answer: TimedAnswer | undefined
  /** Who has given it, or would; undefined where nobody can tell: of a gateway that runs already. */
  readonly answeredBy: Answerer | undefined
  /** Of the config, where the request names none and no route takes it. */
  readonly otherPorts: readonly number[]
  /** A credential of the client goes on to the upstream. */
  readonly isClientKeySent: boolean
  /** Origin of a page that no browser would let send the request, by the answer to its preflight. */
  readonly refusedOrigin: string | undefined
  /** What of the config makes the gateway answer by itself: `config.yaml:12` and the path there. */
  readonly decidedBy: { readonly place: string; readonly path: string } | undefined
  /** Where the policy that refuses the request looks for a credential: `header x-api-key`; undefined where an expression does. */
  readonly asks: { readonly place: string | undefined; readonly isShown: boolean } | undefined
  /** Where the client's credential for the provider would stand, and the gateway takes it out for itself. */
  readonly placeOfNoUse: string | undefined
  /** UPSTREAM_FAILED where the answer is the gateway's own, because the upstream gave none. */
  readonly trouble: AgwError | undefined
  /** The status that was asked for, where one was. */
  readonly expectStatus: number | undefined
  readonly ok: boolean
}

/** Asks the router, and unless told not to, sends the request through a real gateway and times the answer. */
export async function testRoute(options: RouteTestOptions): Promise<RouteTest> {
  if (options.url !== undefined && !(URL.canParse(options.url) && /^https?:/.test(options.url))) {
    throw new AgwError('USAGE', '--url is not an address like http://127.0.0.1:3000')
  }
  const { config, slots, unread, placeOf, written, isKnown } = await prepare(options)
  const runtime = compiled(config, {}, written)
  const port = options.request.port ?? runtime.binds[0]?.port
  if (!runtime.binds.some(bind => bind.port === port)) {
    const ports = runtime.binds.map(bind => bind.port).join(', ')
    throw new AgwError('USAGE', `the config has no port ${port ?? ''}`, {
      hint: `it has: ${ports || 'none'}`,
    })
  }
  const onPort = port === undefined ? {} : { port }
  const explain = (request: ConcreteRequest) => explainRoute(runtime, { ...request, ...onPort })
  let way = await findWay(options.request, explain, options.keys)
  const passing = passthroughSlot(slots, mostLikely(way.explanation))
  if (passing !== undefined && !options.explain) {
    const mayLack = options.expectStatus !== undefined
    const request = await withProviderCredential(passing, way, options.keys, { mayLack, isKnown })
    if (request !== way.request) way = { ...way, request, explanation: await explain(request) }
  }
  if (!options.explain && !options.mock) requireKept(way)
  const { explanation, bare } = way
  const isAsked = passing !== undefined || explanation.answer?.asks !== undefined
  if (options.keys.isGiven && way.gate === undefined && !isAsked)
    options.onNote('the key that was given is shown to nobody: nothing on this way asks a client for one')
  const likely = mostLikely(explanation)
  const upstream = likely && new URL(likely.upstream.url).host
  const asked = options.explain
    ? undefined
    : await askGateway(way.request, options, runtime, { port: port ?? 0, upstream })
  const answer = asked?.answer
  const destination = explanation.destinations.find(one => one.path === asked?.backendPath) ?? likely
  const noUse = placeOfNoUse(way)
  const isNowhere = options.request.port === undefined && explanation.route === undefined
  const isExpected = answer !== undefined && answer.status === options.expectStatus
  const { method, path, host } = bare
  const { decidedBy, asks } = explanation.answer ?? {}
  const slot =
    passthroughSlot(slots, destination) ?? slots.find(one => formatPath(one.path) === destination?.key?.slot)
  return {
    request: { method, path, host, model: modelIn(bare) },
    explanation,
    destination,
    slot,
    isKeyKnown: slot === undefined || !unread.has(slot.name),
    answer,
    answeredBy:
      asked === undefined || options.url !== undefined ? wouldAnswer(way, answer) : asked.answeredBy,
    isClientKeySent: goesUpstream(way),
    otherPorts: isNowhere ? runtime.binds.map(bind => bind.port).filter(one => one !== port) : [],
    refusedOrigin: refusedOrigin(way, answer),
    decidedBy: decidedBy && { place: placeOf(decidedBy), path: formatPath(decidedBy) },
    asks: asks && {
      place: asks.place && placeWords(asks.place),
      isShown: asks.place !== undefined && isTaken(asks.place, way.request),
    },
    placeOfNoUse: noUse && placeWords(noUse),
    trouble: isExpected ? undefined : asked?.trouble,
    expectStatus: options.expectStatus,
    ok: passed(explanation, answer, options.expectStatus),
  }
}

/** The model that the body asks for. */
function modelIn({ body }: ConcreteRequest): string | undefined {
  if (body === undefined) return undefined
  const { model } = JSON.parse(body) as { readonly model?: string }
  return model
}

/** The gateway, as far as its config says so and nothing else was answered. */
function wouldAnswer({ explanation }: Way, answer: TimedAnswer | undefined): RouteTest['answeredBy'] {
  const own = explanation.answer
  return own !== undefined && (answer === undefined || answer.status === own.status) ? 'gateway' : undefined
}

function refusedOrigin(
  { request: { method, headers }, explanation }: Way,
  answer: TimedAnswer | undefined,
): string | undefined {
  const got = (answer ?? explanation.answer)?.headers
  if (method !== 'OPTIONS' || headers['access-control-request-method'] === undefined) return undefined
  const isAllowed = got === undefined || got.some(({ name }) => name === 'access-control-allow-origin')
  return isAllowed ? undefined : headers['origin']
}

interface Prepared {
  readonly config: ResolvedConfig
  readonly slots: readonly KeySlot[]
  /** Names of slots whose key was not read. */
  readonly unread: ReadonlySet<string>
  /** `config.yaml:12`, where the config has something at a path. */
  readonly placeOf: (path: Path) => string
  readonly written: Written
  /** A client is known by it here. */
  readonly isKnown: (key: Secret) => boolean
}

/** With `explain`, keys may be missing: places are enough. A gateway that runs has its own, as a mock needs none. */
async function prepare(options: RouteTestOptions): Promise<Prepared> {
  const lineIn =
    ({ name, document }: LoadedConfig) =>
    (path: Path): string =>
      `${name}:${document.rangeOf(path, 'key').start.line}`
  const writtenAs = ({ name, document }: LoadedConfig): Written => ({ name, reread: () => document })
  const knownIn = ({ document }: LoadedConfig): Prepared['isKnown'] => {
    const hashes = new Set(clientEntries(document).map(({ hash }) => hash))
    return key => hashes.has(hashOf(key))
  }
  if (options.explain) {
    const loaded = await loadConfig(options.load)
    const config = requireKeyPlaces(loaded)
    refuseUnsupported(loaded.name, unsupportedFindings(config, loaded.document, 'embedded'))
    const slots = keySlots(config, loaded.document)
    const unset = new Set(loaded.document.variables.filter(use => use.missing).map(use => use.name))
    const unread = slots.filter(one => one.file !== undefined || unset.has(one.variable ?? ''))
    return {
      config: placeholderSecrets(config, slots),
      slots,
      unread: new Set(unread.map(one => one.name)),
      placeOf: lineIn(loaded),
      written: writtenAs(loaded),
      isKnown: knownIn(loaded),
    }
  }
  const isSentElsewhere = options.url !== undefined
  const loaded = await loadUsable({ ...options.load, standIns: options.mock || isSentElsewhere })
  // A mock was asked for, so that it answers is news only to those whose keys are missing.
  if (options.mock && loaded.missing.length > 0) options.onNote(mockNote(loaded.missing))
  for (const { secret } of loaded.slots) if (secret !== undefined) options.onSecret(secret)
  refuseUnsupported(loaded.name, unsupportedFindings(loaded.config, loaded.document, 'embedded'))
  const slots = loaded.slots.map(one => one.slot)
  const unread = loaded.slots.flatMap(one => (one.standIn === undefined ? [] : [one.slot.name]))
  return {
    config: loaded.resolved,
    slots,
    unread: new Set(unread),
    placeOf: lineIn(loaded),
    written: writtenAs(loaded),
    isKnown: knownIn(loaded),
  }
}

function passed(
  explanation: RouteExplanation,
  answer: TimedAnswer | undefined,
  expected: number | undefined,
): boolean {
  const status = answer?.status ?? explanation.answer?.status ?? 200
  return expected === undefined ? status >= 200 && status < 300 : status === expected
}
