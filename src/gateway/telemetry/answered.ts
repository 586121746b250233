import type { CelExtras } from '../cel/context.ts'
import { celValue } from '../cel/values.ts'
import { type Cost, dollarsOf, KINDS, perMillion } from '../costs/costs.ts'
import type { Exchange } from '../exchange.ts'
import { costOfCall, modelCall } from './model-call.ts'
import type { Usage } from './usage.ts'

/** What expressions see of an answer once it has gone; a client that has left may have got none. */
export function answered(exchange: Exchange): Pick<CelExtras, 'response' | 'llmAnswer'> {
  const { response, sentHeaders: headers } = exchange
  const llmAnswer = (): Record<string, unknown> => llmAnswerOf(exchange)
  return response.headersSent
    ? { response: { status: response.statusCode, headers }, llmAnswer }
    : { llmAnswer }
}

/** By agentgateway's names, which leave out what is not known. */
function llmAnswerOf(exchange: Exchange): Record<string, unknown> {
  const call = modelCall(exchange)
  const cost = costOfCall(call, exchange)
  return known({
    responseModel: call.answerModel,
    ...(call.usage && tokens(call.usage)),
    ...(cost && moneyOf(cost)),
  })
}

function tokens(usage: Usage): Record<string, unknown> {
  const { inputTokens, outputTokens } = usage
  const counts = {
    inputTokens,
    cachedInputTokens: usage.cacheReadTokens,
    cacheCreationInputTokens: usage.cacheCreationTokens,
    inputAudioTokens: usage.inputAudioTokens,
    outputTokens,
    reasoningTokens: usage.reasoningTokens,
    outputAudioTokens: usage.outputAudioTokens,
    // Embeddings have no output.
    totalTokens: inputTokens === undefined ? undefined : inputTokens + (outputTokens ?? 0),
  }
  return Object.fromEntries(Object.entries(known(counts)).map(([name, count]) => [name, celValue(count)]))
}

/** Dollars, and dollars per million tokens, as doubles. */
function moneyOf({ total, parts, rates }: Cost): Record<string, unknown> {
  if (total === undefined || parts === undefined || rates === undefined) return {}
  const amounts = KINDS.map(kind => [kind, dollarsOf(parts[kind])] as const)
  const prices = KINDS.map(kind => [kind, rates[kind]] as const).map(
    ([kind, rate]) => [kind, rate === undefined ? undefined : perMillion(rate)] as const,
  )
  return {
    cost: { total: dollarsOf(total), ...Object.fromEntries(amounts) },
    costRates: known(Object.fromEntries(prices)),
  }
}

function known(facts: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined))
}
