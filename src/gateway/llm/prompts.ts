import type { JsonObject } from '../../json.ts'
import type { RouteType } from '../../providers/index.ts'

/** A message that the config adds. */
export interface Prompt {
  readonly role: string
  readonly content: string
}

/** Messages before and after those of the client. */
export interface Prompts {
  readonly append?: readonly Prompt[] | undefined
  readonly prepend?: readonly Prompt[] | undefined
}

/** Puts messages before and after those of the client, where the format has messages. */
export function addPrompts(body: JsonObject, type: RouteType, { prepend = [], append = [] }: Prompts): void {
  switch (type) {
    case 'completions':
      body['messages'] = [...prepend.map(message), ...listOf(body['messages']), ...append.map(message)]
      return
    case 'responses':
      body['input'] = [...prepend.map(item), ...inputItems(body['input']), ...append.map(item)]
      return
    case 'messages':
    case 'anthropicTokenCount':
      addToMessages(body, prepend, append)
      return
    case 'generateContent':
    case 'geminiCountTokens':
      addToContents(body, prepend, append)
      return
    default:
  }
}

function message({ role, content }: Prompt): JsonObject {
  return { role, content }
}

function item({ role, content }: Prompt): JsonObject {
  return { type: 'message', role, content }
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

/** OpenAI's responses take a bare text for a message of the user. */
function inputItems(input: unknown): readonly unknown[] {
  return typeof input === 'string' ? [item({ role: 'user', content: input })] : listOf(input)
}

function isSystem({ role }: Prompt): boolean {
  return role === 'system'
}

/** Anthropic keeps what the system says apart from the messages. */
function addToMessages(body: JsonObject, prepend: readonly Prompt[], append: readonly Prompt[]): void {
  const text = ({ content }: Prompt): JsonObject => ({ type: 'text', text: content })
  const before = prepend.filter(isSystem).map(text)
  const after = append.filter(isSystem).map(text)
  if (before.length + after.length > 0) {
    const { system } = body
    const own = typeof system === 'string' ? [{ type: 'text', text: system }] : listOf(system)
    body['system'] = [...before, ...own, ...after]
  }
  const others = (list: readonly Prompt[]): JsonObject[] => list.filter(one => !isSystem(one)).map(message)
  body['messages'] = [...others(prepend), ...listOf(body['messages']), ...others(append)]
}

/** So does Gemini, which calls the assistant a model. */
function addToContents(body: JsonObject, prepend: readonly Prompt[], append: readonly Prompt[]): void {
  const text = ({ content }: Prompt): JsonObject => ({ text: content })
  const before = prepend.filter(isSystem).map(text)
  const after = append.filter(isSystem).map(text)
  if (before.length + after.length > 0) {
    const key = body['system_instruction'] === undefined ? 'systemInstruction' : 'system_instruction'
    const own = body[key]
    const instruction: JsonObject = typeof own === 'object' && own !== null ? (own as JsonObject) : {}
    body[key] = { ...instruction, parts: [...before, ...listOf(instruction['parts']), ...after] }
  }
  const others = (list: readonly Prompt[]): JsonObject[] =>
    list
      .filter(one => !isSystem(one))
      .map(one => ({ role: one.role === 'assistant' ? 'model' : one.role, parts: [text(one)] }))
  body['contents'] = [...others(prepend), ...listOf(body['contents']), ...others(append)]
}
