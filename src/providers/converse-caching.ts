import { isObject, type JsonObject } from '../json.ts'

/** Which parts of a prompt are marked for Bedrock's cache. */
export interface PromptCaching {
  readonly cacheSystem?: boolean | undefined
  readonly cacheMessages?: boolean | undefined
  readonly cacheTools?: boolean | undefined
  /** A shorter system prompt is not marked; null marks each. */
  readonly minTokens?: number | null | undefined
  /** How many messages before the one before the last. */
  readonly cacheMessageOffset?: number | undefined
}

const POINT: JsonObject = { cachePoint: { type: 'default' } }

const TOKENS_PER_WORD = 1.3

/** Behind an inference profile of one's own any model may stand: who says caching means it. */
const CACHING = /anthropic\.claude|amazon\.nova|:application-inference-profile\//
const TOO_OLD = /claude-instant|claude-v[12]/

/**
 * Marks a Converse body as a policy says, where the model can: what is before a mark is read from the cache next time. Like
 * agentgateway it counts the words of the system prompt, and lets the last message be, which is new each time.
 */
export function markForCache(body: JsonObject, caching: PromptCaching, model: string): void {
  const name = model.toLowerCase()
  if (!CACHING.test(name) || TOO_OLD.test(name)) return
  const { cacheSystem = true, cacheMessages = true, cacheTools = false, cacheMessageOffset = 0 } = caching
  // Undefined and null are not the same: one is the usual length, the other none.
  const least = caching.minTokens === undefined ? 1024 : (caching.minTokens ?? 0)
  const { system, messages, toolConfig } = body
  if (cacheSystem && Array.isArray(system) && tokensIn(system) >= least) system.push(POINT)
  if (cacheMessages && Array.isArray(messages) && messages.length > 1) {
    const message: unknown = messages[Math.max(messages.length - 2 - cacheMessageOffset, 0)]
    if (isObject(message) && Array.isArray(message['content'])) message['content'].push(POINT)
  }
  if (cacheTools && isObject(toolConfig) && Array.isArray(toolConfig['tools']))
    body['toolConfig'] = { ...toolConfig, tools: [...toolConfig['tools'], POINT] }
}

function tokensIn(system: readonly unknown[]): number {
  const texts = system.map(block =>
    isObject(block) && typeof block['text'] === 'string' ? block['text'] : '',
  )
  const words = texts
    .join(' ')
    .split(/\s+/)
    .filter(word => word !== '')
  return Math.floor(words.length * TOKENS_PER_WORD)
}
