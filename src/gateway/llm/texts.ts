import { isObject, type JsonObject } from '../../json.ts'
import type { RouteType } from '../../providers/index.ts'

/** What a text of a request is. */
export type TextScope = 'systemPrompt' | 'messages' | 'toolOutput' | 'toolInput'

/** Looks at a text and yields what takes its place. */
export type TextVisitor = (scope: TextScope, text: string) => string

/** The objects of a list; some APIs take one of them in its place. */
export function mapsOf(value: unknown): JsonObject[] {
  return (Array.isArray(value) ? value : [value]).filter(isObject)
}

/** Shows every text of an LLM request to the visitor, and puts what it yields in its place. */
export function visitTexts(body: JsonObject, type: RouteType, visit: TextVisitor): void {
  switch (type) {
    case 'completions':
      for (const message of mapsOf(body['messages'])) visitChatMessage(message, visit)
      // What the answer will be like, and the prompt of the API before this one, which has the same path with some.
      if (isObject(body['prediction'])) visitField(body['prediction'], 'content', 'messages', visit)
      for (const key of ['prompt', 'suffix']) visitField(body, key, 'messages', visit)
      return
    case 'embeddings':
      visitField(body, 'input', 'messages', visit)
      return
    case 'rerank':
      for (const key of ['query', 'documents']) visitField(body, key, 'messages', visit)
      return
    case 'messages':
    case 'anthropicTokenCount':
      visitField(body, 'system', 'systemPrompt', visit)
      for (const message of mapsOf(body['messages'])) visitBlocks(message, visit)
      return
    case 'responses':
      visitField(body, 'instructions', 'systemPrompt', visit)
      visitStrings(body, 'input', 'messages', visit)
      for (const item of mapsOf(body['input'])) visitItem(item, visit)
      return
    case 'generateContent':
    case 'geminiCountTokens':
      for (const key of ['systemInstruction', 'system_instruction']) {
        const instruction = body[key]
        if (isObject(instruction)) visitParts(instruction, 'systemPrompt', visit)
      }
      for (const content of mapsOf(body['contents'])) visitParts(content, 'messages', visit)
      if (isObject(body['generateContentRequest'])) visitTexts(body['generateContentRequest'], type, visit)
      return
    default:
  }
}

/** A field that is a text, a block with a text, or a list of either. */
function visitField(holder: JsonObject, key: string, scope: TextScope, visit: TextVisitor): void {
  visitStrings(holder, key, scope, visit)
  for (const block of mapsOf(holder[key])) {
    for (const name of ['text', 'refusal']) visitStrings(block, name, scope, visit)
  }
}

/** A field that is a text, or a list with texts in it. */
function visitStrings(holder: JsonObject, key: string, scope: TextScope, visit: TextVisitor): void {
  const value = holder[key]
  if (typeof value === 'string') holder[key] = visit(scope, value)
  else if (Array.isArray(value) && value.some(one => typeof one === 'string'))
    holder[key] = value.map(one => (typeof one === 'string' ? visit(scope, one) : one))
}

function chatScope(role: unknown): TextScope {
  if (role === 'tool' || role === 'function') return 'toolOutput'
  return role === 'system' || role === 'developer' ? 'systemPrompt' : 'messages'
}

function visitChatMessage(message: JsonObject, visit: TextVisitor): void {
  for (const key of ['content', 'refusal']) visitField(message, key, chatScope(message['role']), visit)
  if (isObject(message['function_call']))
    visitField(message['function_call'], 'arguments', 'toolInput', visit)
  for (const call of mapsOf(message['tool_calls'])) {
    if (isObject(call['function'])) visitField(call['function'], 'arguments', 'toolInput', visit)
    if (isObject(call['custom'])) visitField(call['custom'], 'input', 'toolInput', visit)
  }
}

/** Anthropic's messages, whose blocks are texts, calls of tools and what tools answered. */
function visitBlocks(message: JsonObject, visit: TextVisitor): void {
  visitField(message, 'content', 'messages', visit)
  for (const block of mapsOf(message['content'])) {
    const type = String(block['type'])
    if (type.endsWith('tool_result')) block['content'] = deep(block['content'], 'toolOutput', visit)
    else if (type.endsWith('tool_use')) block['input'] = deep(block['input'], 'toolInput', visit)
    else if (type === 'document' || type === 'search_result') visitSource(block, visit)
  }
}

/** A document or what a search has found: the model reads more of it than its text. */
function visitSource(block: JsonObject, visit: TextVisitor): void {
  for (const key of ['source', 'title', 'context', 'content'])
    if (key in block) block[key] = deep(block[key], 'messages', visit)
}

function visitItem(item: JsonObject, visit: TextVisitor): void {
  const type = String(item['type'])
  if (/_call(?:_output)?$/.test(type)) {
    for (const key of ['arguments', 'input']) visitField(item, key, 'toolInput', visit)
    visitField(item, 'output', 'toolOutput', visit)
  } else visitField(item, 'content', chatScope(item['role']), visit)
}

function visitParts(content: JsonObject, scope: TextScope, visit: TextVisitor): void {
  visitField(content, 'parts', scope, visit)
  for (const part of mapsOf(content['parts'])) {
    for (const key of ['functionCall', 'function_call'])
      if (key in part) part[key] = deep(part[key], 'toolInput', visit)
    for (const key of ['functionResponse', 'function_response'])
      if (key in part) part[key] = deep(part[key], 'toolOutput', visit)
  }
}

/** The value with every text in it visited; names of fields, and what tells of form, are left alone. */
function deep(value: unknown, scope: TextScope, visit: TextVisitor): unknown {
  if (typeof value === 'string') return visit(scope, value)
  if (Array.isArray(value)) return value.map(one => deep(one, scope, visit))
  if (!isObject(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => [key, isOfForm(key, value) ? one : deep(one, scope, visit)]),
  )
}

const FORM = new Set(['type', 'id', 'name', 'media_type', 'tool_use_id'])

/** `data` is base64, but for the source of a document that says it is text. */
function isOfForm(key: string, { type }: JsonObject): boolean {
  return FORM.has(key) || (key === 'data' && type !== 'text')
}
