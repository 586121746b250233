import type { RouteType } from '../../providers/index.ts'
import type { AiBackend } from '../destination.ts'
import type { Exchange } from '../exchange.ts'
import { type Answer, FRAMES_NOT_LOOKED_AT, llmRequestFailure } from '../failures.ts'
import { isLookedAt } from '../llm/llm-request.ts'

/** Why a WebSocket is not for this destination; what the config says of bodies could not be kept to for its frames. */
export function upgradeRefusal(exchange: Exchange, ai: AiBackend | undefined): Answer | undefined {
  const { body, gathersBody } = exchange
  const hasBody = body !== undefined && body.length > 0
  if (hasBody || gathersBody || isLookedAt(exchange, ai)) return FRAMES_NOT_LOOKED_AT
  return ai && wrongType(exchange, ai.types.of(exchange.path))
}

const OPEN: ReadonlySet<RouteType> = new Set(['realtime', 'passthrough', 'detect'])

/** Where models are chosen by name, the handshake has to name one that counts: nobody knows what frames ask for. */
function wrongType({ route }: Exchange, type: RouteType): Answer | undefined {
  if (type === 'realtime' || (route?.action.kind !== 'models' && OPEN.has(type))) return undefined
  return llmRequestFailure(400, 'a WebSocket needs a path of type realtime')
}
