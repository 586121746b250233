import { isObject, type JsonObject } from '../../json.ts'
import type { Exchange } from '../exchange.ts'

/** Bytes of JSON per token, roughly, for English text and its frame. */
export const BYTES_PER_TOKEN = 4

/** What a request will cost, as far as one can tell before it is answered, in tokens. */
export interface Estimate {
  /** By its bytes. */
  readonly prompt: number
  /** All the answers it allows, at their longest; undefined where it sets no limit. */
  readonly most: number | undefined
}

export function estimateTokens(exchange: Exchange): Estimate {
  const { json, clientFormat } = exchange
  return {
    prompt: promptTokens(exchange),
    most: json === undefined ? undefined : allowedOutput(json, clientFormat),
  }
}

/** Of a body that is not looked into nobody knows more than its length. */
export function promptTokens({ body, gathering }: Exchange): number {
  return Math.ceil((body?.length ?? gathering?.size ?? 0) / BYTES_PER_TOKEN)
}

/** A field of another format is no limit: who does not know it may not keep to it. */
function allowedOutput(json: JsonObject, format: Exchange['clientFormat']): number | undefined {
  switch (format) {
    case 'completions':
      return times(json['n'], longest(json['max_tokens'], json['max_completion_tokens']))
    case 'messages':
      return longest(json['max_tokens'])
    case 'responses':
      return longest(json['max_output_tokens'])
    case 'generateContent': {
      const config = isObject(json['generationConfig']) ? json['generationConfig'] : {}
      return times(config['candidateCount'], longest(config['maxOutputTokens']))
    }
    default:
      return undefined
  }
}

/** Of those that are numbers above 0: where there are several, a provider takes one of them. */
function longest(...limits: unknown[]): number | undefined {
  const named = limits.filter(isAboveZero)
  return named.length === 0 ? undefined : Math.ceil(Math.max(...named))
}

function times(count: unknown, limit: number | undefined): number | undefined {
  return limit !== undefined && isAboveZero(count) ? limit * Math.ceil(count) : limit
}

function isAboveZero(value: unknown): value is number {
  return typeof value === 'number' && value > 0
}
