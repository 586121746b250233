import { isObject, type JsonObject } from '../json.ts'
import { blocksOf, textBlocks, textOf } from './anthropic-completions-content.ts'
import { addAll, isAbsent, isBlank, listAt, objectAt, stringAt, TranslationError } from './fields.ts'

type Role = 'user' | 'assistant'

interface Turn {
  readonly role: Role
  readonly content: JsonObject[]
}

/**
 * What the list of chat messages becomes: one system text ('' when there is none) and turns that alternate.
 */
export interface Conversation {
  readonly system: string
  readonly messages: readonly Turn[]
}

/**
 * Chat messages → Messages turns. System and developer messages are lifted to the front, wherever they
 * stand, and joined by line breaks; neighbours of the same role become one turn; what is empty is left out.
 */
export function conversationOf(messages: unknown): Conversation {
  const builder = new ConversationBuilder()
  listAt(messages, 'messages').forEach((message, index) => {
    builder.add(objectAt(message, `messages[${index}]`), `messages[${index}]`)
  })
  return builder.finish()
}

class ConversationBuilder {
  readonly #system: string[] = []
  readonly #turns: Turn[] = []
  /** How many of the last turn's blocks are results of tools: they stand in front. */
  #results = 0
  #functionCalls = 0

  add(message: JsonObject, path: string): void {
    switch (message['role']) {
      case 'system':
      case 'developer':
        this.#system.push(textOf(message['content'], `${path}.content`))
        return
      case 'user':
        this.#append('user', blocksOf(message['content'], `${path}.content`))
        return
      case 'assistant':
        this.#append('assistant', this.#assistantBlocks(message, path))
        return
      case 'tool':
        this.#addResult(stringAt(message['tool_call_id'], `${path}.tool_call_id`), message['content'], path)
        return
      case 'function':
        this.#addFunctionResult(message['content'], path)
        return
      default:
        throw new TranslationError(
          `${path}.role`,
          'must be system, developer, user, assistant, tool or function.',
        )
    }
  }

  finish(): Conversation {
    const last = this.#turns.at(-1)
    if (last === undefined) {
      throw new TranslationError('messages', 'Anthropic needs at least one user message that is not empty.')
    }
    // A last assistant turn is the start of the answer, and may not end in white space.
    const end = last.role === 'assistant' ? last.content.at(-1) : undefined
    if (end !== undefined && typeof end['text'] === 'string') end['text'] = end['text'].trimEnd()
    return { system: this.#system.filter(text => !isBlank(text)).join('\n'), messages: this.#turns }
  }

  #append(role: Role, blocks: readonly JsonObject[]): void {
    if (blocks.length > 0) addAll(this.#turn(role), blocks)
  }

  #turn(role: Role): JsonObject[] {
    const last = this.#turns.at(-1)
    if (last?.role === role) return last.content
    const turn: Turn = { role, content: [] }
    this.#turns.push(turn)
    this.#results = 0
    return turn.content
  }

  #addResult(id: string, content: unknown, path: string): void {
    const blocks = this.#turn('user')
    // The turn after a tool_use must begin with its results, also where a client puts text between them.
    const result = isAbsent(content) ? [] : blocksOf(content, `${path}.content`)
    blocks.splice(this.#results++, 0, {
      type: 'tool_result',
      tool_use_id: toolId(id),
      ...(result.length > 0 ? { content: result } : {}),
    })
  }

  /** The old form of a tool result has no id: it answers the call before it. */
  #addFunctionResult(content: unknown, path: string): void {
    if (this.#functionCalls === 0) {
      throw new TranslationError(`${path}.role`, 'is function, and no message before it has a function_call.')
    }
    this.#addResult(functionCallId(this.#functionCalls), content, path)
  }

  #assistantBlocks(message: JsonObject, path: string): JsonObject[] {
    if (!isAbsent(message['audio'])) {
      throw new TranslationError(`${path}.audio`, 'Anthropic does not have that audio. Send its transcript.')
    }
    const content = message['content']
    const blocks = isAbsent(content) ? [] : blocksOf(content, `${path}.content`)
    if (typeof message['refusal'] === 'string') blocks.push(...textBlocks(message['refusal']))
    listAt(message['tool_calls'], `${path}.tool_calls`).forEach((call, index) => {
      blocks.push(toolUse(objectAt(call, `${path}.tool_calls[${index}]`), `${path}.tool_calls[${index}]`))
    })
    if (!isAbsent(message['function_call'])) {
      this.#functionCalls += 1
      const call = objectAt(message['function_call'], `${path}.function_call`)
      blocks.push(toolUseBlock(functionCallId(this.#functionCalls), call, `${path}.function_call`))
    }
    return blocks
  }
}

function toolUse(call: JsonObject, path: string): JsonObject {
  if (!isObject(call['function'])) {
    throw new TranslationError(`${path}.type`, 'Anthropic knows tool calls of type function only.')
  }
  return toolUseBlock(toolId(stringAt(call['id'], `${path}.id`)), call['function'], `${path}.function`)
}

function toolUseBlock(id: string, call: JsonObject, path: string): JsonObject {
  const name = stringAt(call['name'], `${path}.name`)
  return { type: 'tool_use', id, name, input: toolInput(call['arguments'], `${path}.arguments`) }
}

function toolInput(argumentsText: unknown, path: string): JsonObject {
  const text = isAbsent(argumentsText) ? '' : stringAt(argumentsText, path)
  if (isBlank(text)) return {}
  let input: unknown
  try {
    input = JSON.parse(text)
  } catch {
    // The parser's own message quotes the text, so it must not travel as the cause.
  }
  if (!isObject(input)) throw new TranslationError(path, 'must be the text of a JSON object.')
  return input
}

/** Ids given by other providers may hold characters that Anthropic refuses; call and result change alike. */
function toolId(id: string): string {
  return id.replace(/[^a-zA-Z0-9_-]/g, '_')
}

function functionCallId(number: number): string {
  return `function_call_${number}`
}
