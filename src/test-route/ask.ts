import { formatPath } from '../config/index.ts'
import type { AgwError } from '../errors.ts'
import { type AccessEvent, parseConnectTo, type Runtime, startGateway } from '../gateway/index.ts'
import { startMock } from '../mock/index.ts'
import type { ConcreteRequest } from './request.ts'
import { sendRequest, type TimedAnswer } from './send-request.ts'
import { upstreamTrouble } from './upstream-trouble.ts'

/** Who has given an answer. */
export type Answerer = 'gateway' | 'mock' | 'upstream'

interface Asked {
  readonly answer: TimedAnswer
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
  const { timeoutMs } = options
  const send = (url: string, blamed?: string): Promise<TimedAnswer> =>
    sendRequest({ url, method, path, headers, body, timeoutMs, upstream: blamed })
  if (options.url !== undefined) {
    const answer = await send(options.url)
    return {
      answer,
      answeredBy: undefined,
      backendPath: undefined,
      trouble: upstreamTrouble(answer, undefined, 'the upstream'),
    }
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
    const address = gateway.addresses.find(one => one.bind === bind?.key)
    const answer = await send(`http://127.0.0.1:${address?.port ?? 0}`, upstream)
    // The event is told after the answer has gone: the gateway is closed first.
    await gateway.close()
    const isPassedOn = event === undefined || event.reason === 'Upstream'
    const answeredBy = isPassedOn ? (options.mock ? 'mock' : 'upstream') : 'gateway'
    const backendPath = event?.backendPath && formatPath(event.backendPath)
    return {
      answer,
      answeredBy,
      backendPath,
      trouble: event && upstreamTrouble(answer, event, 'the upstream'),
    }
  } finally {
    await gateway.close({ drainMs: 0 })
    await mock?.close()
  }
}
