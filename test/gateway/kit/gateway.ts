import { onTestFinished } from 'vitest'
import type { CompileOptions } from '../../../src/gateway/compile/compile.ts'
import { type Gateway, type GatewayOptions, startGateway } from '../../../src/gateway/gateway.ts'
import type { Runtime } from '../../../src/gateway/runtime.ts'
import type { AccessEvent } from '../../../src/gateway/telemetry/access-event.ts'
import { runtimeOf } from './config.ts'

export interface TestGateway {
  readonly gateway: Gateway
  /** Of the first bind. */
  readonly port: number
  readonly url: string
  /** In the order the answers went. */
  readonly events: AccessEvent[]
  /** Resolves with the event of the next request that ends, or one that has ended already and was not asked for yet. */
  nextEvent(): Promise<AccessEvent>
}

/** The config's gateway on ports that the system chooses; closed when the test is over. */
export async function startTestGateway(
  config: string | Runtime,
  options: GatewayOptions & { readonly compile?: CompileOptions } = {},
): Promise<TestGateway> {
  const runtime = typeof config === 'string' ? runtimeOf(config, options.compile) : config
  const events: AccessEvent[] = []
  const waiting: (() => void)[] = []
  const gateway = await startGateway(runtime, {
    ports: new Map(runtime.binds.map(bind => [bind.port, 0])),
    ...options,
    onAccess: event => {
      events.push(event)
      for (const wake of waiting.splice(0)) wake()
    },
  })
  onTestFinished(() => gateway.close({ drainMs: 0 }))
  let given = 0
  const nextEvent = async (): Promise<AccessEvent> => {
    const event = events[given]
    if (event !== undefined) {
      given++
      return event
    }
    await new Promise<void>(resolve => waiting.push(resolve))
    return nextEvent()
  }
  const port = gateway.addresses[0]?.port ?? 0
  return { gateway, port, url: `http://127.0.0.1:${port}`, events, nextEvent }
}
