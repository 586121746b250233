import { formatPath } from '../config/index.ts'
import { AgwError } from '../errors.ts'
import { type AccessEvent, parseConnectTo, type Runtime, startGateway } from '../gateway/index.ts'
import { startMock } from '../mock/index.ts'
import type { ClientCertificate } from './client-certificate.ts'
import type { ConcreteRequest } from './request.ts'
import { type RequestToSend, sendRequest, type TimedAnswer } from './send-request.ts'
import { upstreamTrouble } from './upstream-trouble.ts'

/** Who has given an answer. */
export type Answerer = 'gateway' | 'mock' | 'upstream'

interface Asked {
  /** Undefined where there was none. */
  readonly answer: TimedAnswer | undefined
  /** Undefined of a gateway that runs already: nobody can tell. */
  readonly answeredBy: Answerer | undefined
  /** Where in the config the backend stands that was called; undefined where none was, or nobody can tell. */
  readonly backendPath: string | undefined
  readonly trouble: AgwError | undefined
}

/** Where and how a request is sent. */
interface Asking {
  /** A gateway that runs already; absent, one is started for the moment. */
  readonly url?: string | undefined
  readonly mock: boolean
  readonly certificate: ClientCertificate | undefined
  readonly connectTo: readonly string[]
  readonly timeoutMs: number
}

/** Sends a request through a gateway and times the answer. */
export async function askGateway(
  request: ConcreteRequest,
  options: Asking,
  runtime: Runtime,
  { port, upstream }: { readonly port: number; readonly upstream: string | undefined },
): Promise<Asked> {
  const { method, path, headers, body } = request
  const { timeoutMs, certificate } = options
  const send = (to: Pick<RequestToSend, 'url' | 'isOwn' | 'upstream'>): Promise<Sent> =>
    sendRequest({ ...to, method, path, headers, body, timeoutMs, certificate }).then(
      answer => ({ answer, trouble: answer.trouble }),
      (trouble: unknown) => {
        if (!(trouble instanceof AgwError)) throw trouble
        return { answer: undefined, trouble }
      },
    )
  if (options.url !== undefined) {
    const { answer, trouble } = await send({ url: options.url })
    const own = answer && upstreamTrouble(answer, undefined, 'the upstream')
    return { answer, answeredBy: undefined, backendPath: undefined, trouble: trouble ?? own }
  }
  const mock = options.mock ? await startMock() : undefined
  // A gateway that runs already may hold the config's own ports.
  const ports = new Map(runtime.binds.map(bind => [bind.port, 0]))
  let event: AccessEvent | undefined
  const gateway = await startGateway(runtime, {
    ports,
    onAccess: one => {
      event = one
    },
    connectTo: options.connectTo.map(parseConnectTo),
    ...(mock && { standIn: { host: '127.0.0.1', port: mock.port } }),
  })
  try {
    const bind = runtime.binds.find(one => one.port === port)
    const { port: open = 0, scheme = 'http' } = gateway.addresses.find(one => one.bind === bind?.key) ?? {}
    const { answer, trouble } = await send({ url: `${scheme}://127.0.0.1:${open}`, isOwn: true, upstream })
    // The event is told after the answer has gone: the gateway is closed first.
    await gateway.close()
    // What the gateway says itself is whole: an answer that breaks off began upstream, whatever has ended it. Of what is no
    // request that it takes it tells no event.
    const isPassedOn = event?.reason === 'Upstream' || answer?.trouble !== undefined
    const answeredBy = isPassedOn ? (options.mock ? 'mock' : 'upstream') : 'gateway'
    return {
      answer,
      answeredBy: answer && answeredBy,
      backendPath: event?.backendPath && formatPath(event.backendPath),
      trouble: trouble ?? (answer && event && upstreamTrouble(answer, event, 'the upstream')),
    }
  } finally {
    await gateway.close({ drainMs: 0 })
    await mock?.close()
  }
}

interface Sent {
  readonly answer: TimedAnswer | undefined
  readonly trouble: AgwError | undefined
}
