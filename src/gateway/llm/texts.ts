import { own } from '../../config/own.ts'
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
      if (isObject(body['prediction'])) visitContent(body['prediction'], 'content', ' ', 'messages', visit)
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
      visitContent(body, 'system', '\n', 'systemPrompt', visit)
      for (const message of mapsOf(body['messages'])) visitBlocks(message, visit)
      return
    case 'responses':
      visitField(body, 'instructions', 'systemPrompt', visit)
      visitStrings(body, 'input', 'messages', visit)
      for (const item of mapsOf(body['input'])) visitItem(item, visit)
      // What is put into a prompt that the provider has.
      for (const { variables } of mapsOf(body['prompt']))
        if (isObject(variables)) visitWithin(variables, Object.keys(variables), 'messages', visit)
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

/** The same for what a message says: its parts are one text where nothing else stands between them. */
function visitContent(
  holder: JsonObject,
  key: string,
  joint: string,
  scope: TextScope,
  visit: TextVisitor,
): void {
  const content = holder[key]
  if (!Array.isArray(content)) return visitField(holder, key, scope, visit)
  visitStrings(holder, key, scope, visit)
  for (const block of mapsOf(content)) {
    visitStrings(block, 'refusal', scope, visit)
    if (!hasText(block)) visitStrings(block, 'text', scope, visit)
  }
  const parts: unknown[] = holder[key] as unknown[]
  visitRuns(parts, joint, text => visit(scope, text))
}

/**
 * Shows what parts of a list say that follow one another as one text, divided by `joint`. Another one in its place stands
 * in the last of them, and the others go: as agentgateway does it, so that nothing is hidden by its division.
 */
export function visitRuns(
  parts: unknown[],
  joint: string,
  visit: (text: string) => string,
  isLeft: (part: JsonObject) => boolean = () => false,
): void {
  for (let at = 0; at < parts.length; at++) {
    const run = runAt(parts, at, isLeft)
    const last = run.at(-1)
    if (last === undefined) continue
    const joined = run.map(({ text }) => text).join(joint)
    const passed = visit(joined)
    if (passed === joined) at += run.length - 1
    else {
      last.text = passed
      parts.splice(at, run.length - 1)
    }
  }
}

type TextPart = JsonObject & { text: string }

function runAt(parts: readonly unknown[], at: number, isLeft: (part: JsonObject) => boolean): TextPart[] {
  const run: TextPart[] = []
  for (let part = parts[at]; hasText(part) && !isLeft(part); part = parts[at + run.length]) run.push(part)
  return run
}

function hasText(part: unknown): part is TextPart {
  return isObject(part) && typeof part['text'] === 'string'
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
  const scope = chatScope(message['role'])
  visitContent(message, 'content', ' ', scope, visit)
  visitField(message, 'refusal', scope, visit)
  if (isObject(message['function_call']))
    visitField(message['function_call'], 'arguments', 'toolInput', visit)
  for (const call of mapsOf(message['tool_calls'])) {
    if (isObject(call['function'])) visitField(call['function'], 'arguments', 'toolInput', visit)
    if (isObject(call['custom'])) visitField(call['custom'], 'input', 'toolInput', visit)
  }
}

/** Anthropic's messages, whose blocks are texts, calls of tools and what tools answered. */
function visitBlocks(message: JsonObject, visit: TextVisitor): void {
  visitContent(message, 'content', ' ', 'messages', visit)
  for (const block of mapsOf(message['content'])) {
    const type = String(block['type'])
    if (type.endsWith('tool_result')) visitWithin(block, ['content'], 'toolOutput', visit)
    else if (type.endsWith('tool_use')) visitAll(block, ['input'], 'toolInput', visit)
    else {
      const known = own(BLOCK_TEXTS, type)
      if (known !== undefined) visitWithin(block, known.fields, known.scope, visit)
    }
  }
}

/** Blocks of which the model reads more than their text: documents, what a search has found, what was said before. */
const BLOCK_TEXTS: Readonly<
  Record<string, { readonly scope: TextScope; readonly fields: readonly string[] }>
> = {
  document: { scope: 'messages', fields: ['source', 'title', 'context', 'content'] },
  search_result: { scope: 'messages', fields: ['source', 'title', 'content'] },
  compaction: { scope: 'messages', fields: ['content'] },
  mid_conv_system: { scope: 'systemPrompt', fields: ['content'] },
}

/** Items of the Responses API that are calls of tools, or what tools have answered. */
const OF_TOOLS = /_call(?:_output)?$|^program(?:_output)?$|^mcp_|^tool_search_output$/
/** Their fields, whatever kind of tool it is. */
const ASKED = [
  'arguments',
  'input',
  'action',
  'actions',
  'operation',
  'queries',
  'code',
  'pending_safety_checks',
  'reason',
]
const ANSWERED = ['output', 'outputs', 'result', 'results', 'tools', 'error', 'acknowledged_safety_checks']

function visitItem(item: JsonObject, visit: TextVisitor): void {
  const type = String(item['type'])
  if (!OF_TOOLS.test(type)) return visitContent(item, 'content', '\n', chatScope(item['role']), visit)
  // What it answers is an image.
  if (type === 'image_generation_call') return
  visitAll(item, ASKED, 'toolInput', visit)
  visitWithin(item, ANSWERED, 'toolOutput', visit)
}

/** What tools are called with and what they answer, in both spellings, and where in it the texts are. */
const PARTS_OF_TOOLS: readonly (readonly [parts: readonly string[], field: string, scope: TextScope])[] = [
  [['functionCall', 'function_call'], 'args', 'toolInput'],
  [['functionResponse', 'function_response'], 'response', 'toolOutput'],
  [['executableCode', 'executable_code'], 'code', 'toolInput'],
  [['codeExecutionResult', 'code_execution_result'], 'output', 'toolOutput'],
]

function visitParts(content: JsonObject, scope: TextScope, visit: TextVisitor): void {
  visitContent(content, 'parts', '\n', scope, visit)
  for (const part of mapsOf(content['parts'])) {
    for (const [names, field, of] of PARTS_OF_TOOLS) {
      for (const name of names) {
        const one = part[name]
        if (isObject(one)) visitAll(one, [field], of, visit)
      }
    }
  }
}

/** Fields that may be any JSON, of which every text counts. */
function visitAll(holder: JsonObject, fields: readonly string[], scope: TextScope, visit: TextVisitor): void {
  for (const key of fields) if (key in holder) holder[key] = deep(holder[key], () => false, scope, visit)
}

/** Fields that hold blocks, or what is in blocks: what tells of form in them is left alone. */
function visitWithin(
  holder: JsonObject,
  fields: readonly string[],
  scope: TextScope,
  visit: TextVisitor,
): void {
  for (const key of fields) if (key in holder) holder[key] = deep(holder[key], isOfForm, scope, visit)
}

/** The value with every text in it visited, but for names of fields and those that `isLeft`. */
function deep(
  value: unknown,
  isLeft: (key: string, holder: JsonObject) => boolean,
  scope: TextScope,
  visit: TextVisitor,
): unknown {
  if (typeof value === 'string') return visit(scope, value)
  if (Array.isArray(value)) return value.map(one => deep(one, isLeft, scope, visit))
  if (!isObject(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => [
      key,
      isLeft(key, value) ? one : deep(one, isLeft, scope, visit),
    ]),
  )
}

const FORM = new Set([
  'type',
  'id',
  'name',
  'media_type',
  'tool_use_id',
  'image_url',
  'file_id',
  'file_data',
  'encrypted_content',
])

/** A block has a type. `data` is base64, but for the source of a document that says it is text. */
function isOfForm(key: string, { type }: JsonObject): boolean {
  return typeof type === 'string' && (FORM.has(key) || (key === 'data' && type !== 'text'))
}
