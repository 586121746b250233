import type { RouteType } from '../../providers/index.ts'
import type { Cost } from '../costs/costs.ts'
import type { Exchange } from '../exchange.ts'
import type { Reason } from '../failures.ts'
import type { Relay } from '../relay/relay.ts'
import type { Usage } from './usage.ts'

/** A request, and what its answer says of the model; most of it is undefined for what is no call of one. */
export interface ModelCall {
  readonly provider: string | undefined
  /** The model that was asked for. */
  readonly model: string | undefined
  /** The model that says it has answered. */
  readonly answerModel: string | undefined
  readonly usage: Usage | undefined
  /** `gen_ai.operation.name`; undefined where the request was not read. */
  readonly operation: string | undefined
  readonly isStream: boolean
  readonly reason: Reason | undefined
  /** Milliseconds from the head of the upstream's answer to the head for the client; undefined where either was not. */
  readonly responseProcessing: number | undefined
}

/** As far as its answer has come. */
export function modelCall(exchange: Exchange): ModelCall {
  const { destination, relay } = exchange
  return {
    provider: destination?.ai?.provider.telemetryName,
    model: exchange.model,
    answerModel: relay?.answerModel,
    usage: relay?.usage,
    operation: operationOf(exchange.type),
    isStream: relay?.isStream ?? false,
    reason: exchange.reason ?? (relay === undefined ? undefined : 'Upstream'),
    responseProcessing: relay && responseProcessing(relay),
  }
}

/** Undefined for what is no call of a model, and where no catalog has prices. */
export function costOfCall(call: ModelCall, { generation, relay }: Exchange): Cost | undefined {
  const { costs } = generation.runtime
  return costs !== undefined && isModelCall(call) ? (relay?.cost ?? costs.of(call)) : undefined
}

type Facts = Pick<ModelCall, 'operation' | 'provider' | 'responseProcessing' | 'reason' | 'isStream'>

/** A request that was read, and answered by its provider: as agentgateway, which learns of a stream at its beginning. */
export function isModelCall({ operation, provider, responseProcessing, reason, isStream }: Facts): boolean {
  if (operation === undefined || provider === undefined || responseProcessing === undefined) return false
  return reason === 'Upstream' || isStream
}

function responseProcessing({ headAt, answeredAt }: Relay): number | undefined {
  return headAt === 0 || answeredAt === 0 ? undefined : answeredAt - headAt
}

/** As the GenAI conventions of OpenTelemetry name it. */
export function operationOf(type: RouteType | undefined): string | undefined {
  switch (type) {
    case undefined:
    case 'passthrough':
    case 'detect':
      return undefined
    case 'embeddings':
    case 'rerank':
      return type
    case 'generateContent':
      return 'generate_content'
    default:
      return 'chat'
  }
}
