import { isObject } from '../json.ts'
import { minimalValue } from './minimal-value.ts'
import { type AnswerText, answerTo, tokensIn, within } from './text.ts'
import type { ToolUse } from './tool-use.ts'

/** A call that the mock makes. */
export interface ToolCall {
  readonly name: string
  readonly input: object
}

/** A text, or a call of a tool in its place. */
export interface Reply extends AnswerText {
  readonly call?: ToolCall
}

/** What a request says of its answer. */
export interface Asked {
  readonly prompt: string
  /** Tokens. */
  readonly limit: unknown
  /** The JSON Schema of the answer, where it is to be no text. */
  readonly form: unknown
  readonly chars?: number | undefined
}

/**
 * Calls a tool only where the request demands it. What a tool has said is repeated: a loop that demands a call each time
 * comes to its end.
 */
export function replyTo({ tools, wanted, result }: ToolUse, { prompt, limit, form, chars }: Asked): Reply {
  const tool = tools.find(({ name }) => wanted.includes(name))
  if (tool === undefined) {
    if (form !== undefined) return within(JSON.stringify(minimalValue(form)), limit)
    return answerTo(result ?? prompt, limit, chars)
  }
  const value = minimalValue(tool.schema)
  const call = { name: tool.name, input: isObject(value) ? value : {} }
  return { text: '', cut: false, tokens: tokensIn(call.name + JSON.stringify(call.input)), call }
}

/** The pieces in which the arguments of a call are streamed. Joined they are the JSON. */
export function* inputPieces({ input }: ToolCall): Generator<string> {
  const letters = [...JSON.stringify(input)]
  for (let at = 0; at < letters.length; at += 8) yield letters.slice(at, at + 8).join('')
}
