import { compiled } from '../checking/compiled.ts'
import { formatPath, type KeySlot } from '../config/index.ts'
import { AgwError } from '../errors.ts'
import {
  credentialsInTarget,
  type DestinationExplanation,
  explainRoute,
  isTaken,
  maskTarget,
  type PassedCredential,
  placeWords,
  type RouteExplanation,
} from '../gateway/index.ts'
import { Secret } from '../secrets/secret.ts'
import { type Answerer, askGateway } from './ask.ts'
import { type CertificateFiles, readCertificate, requireCertificate } from './client-certificate.ts'
import {
  goesUpstream,
  passthroughSlot,
  placeOfNoUse,
  requireKept,
  withProviderCredential,
} from './client-credential.ts'
import type { ClientKeys } from './client-keys.ts'
import { type Preparing, prepare } from './prepare.ts'
import { pageRefused, type RefusedPage } from './refused-page.ts'
import type { ConcreteRequest, WantedRequest } from './request.ts'
import type { TimedAnswer } from './send-request.ts'
import { type Explain, findWay, mostLikely, type Way } from './way.ts'

export { secretsGiven } from './request.ts'

export interface RouteTestOptions extends Preparing {
  readonly request: WantedRequest
  /** A gateway that runs already; absent, one is started for the moment. */
  readonly url?: string | undefined
  /** Send nothing. */
  readonly explain: boolean
  /** What the client shows of itself in the TLS handshake. */
  readonly certificate?: CertificateFiles | undefined
  readonly connectTo: readonly string[]
  readonly expectStatus?: number | undefined
  readonly timeoutMs: number
  readonly keys: ClientKeys
}

/** Which way a request takes and what came back. */
export interface RouteTest {
  readonly request: {
    readonly method: string
    /** Without the credentials of its query. */
    readonly path: string
    readonly host: string
    /** The one that its body asks for. */
    readonly model: string | undefined
  }
  readonly explanation: RouteExplanation
  /** The backend that was called; else the one that is most likely. */
  readonly destination: DestinationExplanation | undefined
  readonly slot: KeySlot | undefined
  /** How its key is handed over. */
  readonly keyMethod: string | undefined
  /** The key was read; with `explain` or `mock` it may be missing, and its place is all that is known. */
  readonly isKeyKnown: boolean
  /** What was given for the provider, as far as that is shown it. */
  readonly clientKey: PassedCredential | undefined
  /** Absent with `explain`, and where none came. */
  readonly answer: TimedAnswer | undefined
  /** Who has given it, or would; undefined where nobody can tell: of a gateway that runs already. */
  readonly answeredBy: Answerer | undefined
  /** Of the config, where the request names none and no route takes it. */
  readonly otherPorts: readonly number[]
  /** A credential of the client goes on to the upstream. */
  readonly isClientKeySent: boolean
  /** A page that no browser would let send the request, by the answer to its preflight. */
  readonly refusedPage: RefusedPage | undefined
  /** What of the config makes the gateway answer by itself: `config.yaml:12` and the path there. */
  readonly decidedBy: { readonly place: string; readonly path: string } | undefined
  /** Where the policy that refuses the request looks for a credential: `header x-api-key`; undefined where an expression does. */
  readonly asks:
    | {
        readonly place: string | undefined
        readonly isShown: boolean
        /** Another policy was shown what was given. */
        readonly isAnother: boolean
      }
    | undefined
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
  const { onNote, onSecret, keys } = options
  const url = options.url === undefined ? undefined : gatewayUrl(options.url)
  const certificate = options.certificate && readCertificate(options.certificate, options.load.cwd)
  if (certificate !== undefined) onSecret(certificate.key)
  const { config, slots, unread, placeOf, written, methodOf, isKnown } = await prepare(options)
  const runtime = compiled(config, { isAskedOnly: options.explain }, written)
  const ports = runtime.binds.map(bind => bind.port)
  const chosen = options.request.port ?? ports.find(port => port === portOf(url))
  const port = chosen ?? ports[0]
  if (port === undefined || !ports.includes(port)) {
    throw new AgwError('USAGE', `the config has no port ${port ?? ''}`.trimEnd(), {
      hint: `it has: ${ports.join(', ') || 'none'}`,
    })
  }
  if (chosen === undefined && ports.length > 1)
    onNote(`this is port ${port}, the first of ${ports.length} of the config: --port names another`)
  if (!options.explain && url === undefined)
    requireCertificate(
      runtime.binds.find(bind => bind.port === port),
      certificate,
      onNote,
    )
  const { hiddenParameters } = runtime.settings
  const explain: Explain = (request, credentials = []) =>
    explainRoute(runtime, { ...request, port, credentials })
  // A client that is told that address calls its host.
  const wanted = { ...options.request, host: options.request.host ?? url?.host }
  for (const secret of credentialsIn(wanted.path, hiddenParameters)) onSecret(secret)
  let way = await findWay(wanted, explain, keys)
  const passing = passthroughSlot(slots, mostLikely(way.explanation))
  let own: Secret | undefined
  if (passing !== undefined) {
    const mayLack = options.expectStatus !== undefined
    const wanting = { mayLack, isExplained: options.explain, isKnown, onNote }
    const shown = await withProviderCredential(passing, way, keys, wanting)
    own = shown?.secret
    if (shown !== undefined) {
      const credentials = [...way.gates.map(({ secret }) => secret), shown.secret]
      way = { ...way, request: shown.request, explanation: await explain(shown.request, credentials) }
    }
  }
  if (!options.explain && !options.mock) requireKept(way)
  const { explanation, bare } = way
  const isAsked = passing !== undefined || explanation.answer?.asks !== undefined
  if (keys.left > 0 && !isAsked) onNote(nobodyAsks(way.gates.length > 0))
  const likely = mostLikely(explanation)
  const asked = options.explain
    ? undefined
    : await askGateway(way.request, { ...options, certificate }, runtime, {
        port,
        upstream: blamed(explanation),
      })
  const answer = asked?.answer
  const called = explanation.destinations.find(one => one.path === asked?.backendPath)
  const hasRefused = explanation.refused.some(one => one.path === asked?.backendPath)
  const destination = called ?? (hasRefused ? undefined : likely)
  const noUse = placeOfNoUse(way)
  const isNowhere = chosen === undefined && explanation.route === undefined
  const isExpected = answer !== undefined && answer.status === options.expectStatus
  const trouble = isExpected ? answer.trouble : asked?.trouble
  const { method, path, host } = bare
  const { decidedBy, asks } = explanation.answer ?? {}
  const slot =
    passthroughSlot(slots, destination) ?? slots.find(one => formatPath(one.path) === destination?.key?.slot)
  const refusedPage = pageRefused(way.request, (answer ?? explanation.answer)?.headers)
  return {
    request: { method, path: maskTarget(path, hiddenParameters), host, model: modelIn(bare) },
    explanation,
    destination,
    slot,
    keyMethod: slot && methodOf(slot),
    isKeyKnown: slot === undefined || !unread.has(slot.name),
    clientKey: destination?.passedOn.find(({ secret }) => secret === own),
    answer,
    answeredBy: asked === undefined || url !== undefined ? wouldAnswer(way, answer) : asked.answeredBy,
    isClientKeySent: goesUpstream(way),
    otherPorts: isNowhere ? ports.filter(one => one !== port) : [],
    refusedPage,
    decidedBy: decidedBy && { place: placeOf(decidedBy), path: formatPath(decidedBy) },
    asks: asks && {
      place: asks.place && placeWords(asks.place),
      isShown: asks.place !== undefined && isTaken(asks.place, way.request),
      isAnother: way.gates.length > 0,
    },
    placeOfNoUse: noUse && placeWords(noUse),
    trouble,
    expectStatus: options.expectStatus,
    ok: trouble === undefined && passed(explanation, answer, options.expectStatus, refusedPage),
  }
}

/** Throws USAGE for what is no address of a gateway. */
function gatewayUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined
  const isPlain = url !== undefined && /^https?:$/.test(url.protocol) && url.search + url.hash === ''
  if (!isPlain) throw new AgwError('USAGE', '--url is not an address like http://127.0.0.1:3000')
  if (url.username + url.password === '') return url
  throw new AgwError('USAGE', '--url holds a name or a password', {
    hint: 'leave it out there: what the gateway asks its clients for is given with --key-from-env VAR',
  })
}

function portOf(url: URL | undefined): number | undefined {
  return url && Number(url.port || (url.protocol === 'https:' ? 443 : 80))
}

function credentialsIn(path: string, names: ReadonlySet<string>): Secret[] {
  return credentialsInTarget(path, names).map(text => new Secret(text, 'given key'))
}

function nobodyAsks(isMore: boolean): string {
  return isMore
    ? 'not all keys that were given are shown to somebody: nothing else on this way asks a client for one'
    : 'the key that was given is shown to nobody: nothing on this way asks a client for one'
}

/** Who has not answered, where there is no answer; of several backends nobody knows which it was. */
function blamed({ destinations: [first, ...others] }: RouteExplanation): string | undefined {
  return first && (others.length > 0 ? 'the upstream' : first.upstream.endpoint)
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

function passed(
  explanation: RouteExplanation,
  answer: TimedAnswer | undefined,
  expected: number | undefined,
  refusedPage: RefusedPage | undefined,
): boolean {
  const status = answer?.status ?? explanation.answer?.status ?? 200
  if (expected !== undefined) return status === expected
  // The handshake of a WebSocket has come to its end.
  return (status === 101 || (status >= 200 && status < 300)) && refusedPage === undefined
}
