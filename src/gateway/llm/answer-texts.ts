import { isObject, type JsonObject } from '../../json.ts'
import { mapsOf, visitRuns } from './texts.ts'

/**
 * Shows every text that a model has said to the visitor, whatever the format, and puts what it yields in its place.
 * Throws TypeError for what is no answer: neither a JSON object nor a list of them.
 */
export function visitAnswerTexts(answer: unknown, visit: (text: string) => string): void {
  if (Array.isArray(answer)) return visitPieces(answer, visit)
  if (!isObject(answer)) throw new TypeError('the answer is not a JSON object')
  visitAnswer(answer, visit)
  for (const { content } of mapsOf(answer['candidates'])) {
    if (isObject(content) && Array.isArray(content['parts']))
      visitRuns(content['parts'], '\n', visit, isThought)
    else for (const part of spokenParts({ content })) replace(part, 'text', visit)
  }
}

function visitAnswer(answer: JsonObject, visit: (text: string) => string): void {
  for (const choice of mapsOf(answer['choices'])) {
    // The API before this one, which has the same path with some, has no message around the text.
    const { message } = choice
    if (!(isObject(message) ? replaceContent(message, visit) : replace(choice, 'text', visit))) continue
    // They spell the text out, token by token.
    if (isObject(choice['logprobs'])) choice['logprobs'] = null
  }
  for (const block of mapsOf(answer['content'])) replace(block, 'text', visit)
  for (const item of mapsOf(answer['output']))
    for (const part of mapsOf(item['content'])) {
      if (part['type'] !== 'output_text' || !replace(part, 'text', visit)) continue
      // What points into the text by numbers no longer does.
      part['annotations'] = []
      delete part['logprobs']
    }
}

/** Gemini's stream where it is not sent as events: a list of answers, whose texts are one text per candidate. */
function visitPieces(answers: readonly unknown[], visit: (text: string) => string): void {
  const lanes = new Map<string, JsonObject[]>()
  for (const answer of answers) {
    if (!isObject(answer)) throw new TypeError('the answer is not a list of JSON objects')
    visitAnswer(answer, visit)
    for (const [at, candidate] of mapsOf(answer['candidates']).entries()) {
      const name = laneOf(candidate, at)
      const lane = lanes.get(name) ?? []
      for (const part of spokenParts(candidate)) lane.push(part)
      lanes.set(name, lane)
    }
  }
  for (const parts of lanes.values()) replaceJoined(parts, visit)
}

/** What takes the place of a text that is not the same any more stands where it began. */
function replaceJoined(parts: readonly JsonObject[], visit: (text: string) => string): void {
  const spoken = parts.filter(part => typeof part['text'] === 'string')
  const joined = spoken.map(part => part['text']).join('')
  const passed = visit(joined)
  if (passed === joined) return
  for (const [at, part] of spoken.entries()) part['text'] = at === 0 ? passed : ''
}

/** The parts of a candidate without its thoughts. */
function spokenParts({ content }: JsonObject): JsonObject[] {
  return isObject(content) ? mapsOf(content['parts']).filter(part => !isThought(part)) : []
}

function isThought({ thought }: JsonObject): boolean {
  return thought === true
}

/** Which text of a stream a candidate goes on with. */
function laneOf({ index }: JsonObject, at: number): string {
  return String(index ?? at)
}

/** True where the text is another one now. */
function replace(holder: JsonObject, key: string, visit: (text: string) => string): boolean {
  const text = holder[key]
  if (typeof text !== 'string') return false
  holder[key] = visit(text)
  return holder[key] !== text
}

/** The same for a message, whose text may come in parts. */
function replaceContent(message: JsonObject, visit: (text: string) => string): boolean {
  const inParts = mapsOf(message['content']).map(part => replace(part, 'text', visit))
  return replace(message, 'content', visit) || inParts.includes(true)
}

/** A text in a stream, and what it goes on with: pieces of the same lane belong together. */
export interface TextPiece {
  readonly lane: string
  readonly text: string
}

/** What an event of a stream says, whatever the format. */
export function textPiecesOf(event: unknown): TextPiece[] {
  if (Array.isArray(event)) return event.flatMap(textPiecesOf)
  if (!isObject(event)) return []
  const { type, delta } = event
  if (type === 'response.output_text.delta')
    return piece(`${event['output_index']}.${event['content_index']}`, delta)
  if (Array.isArray(event['choices']))
    return mapsOf(event['choices']).flatMap(({ index, delta: said, text }) =>
      isObject(said) ? contentPieces(String(index), said['content']) : piece(String(index), text),
    )
  if (Array.isArray(event['candidates']))
    return mapsOf(event['candidates']).flatMap((candidate, at) =>
      spokenParts(candidate).flatMap(part => piece(laneOf(candidate, at), part['text'])),
    )
  const said = isObject(delta) ? delta : event['content_block']
  return isObject(said) ? piece(String(event['index']), said['text']) : []
}

function piece(lane: string, text: unknown): TextPiece[] {
  return typeof text === 'string' && text !== '' ? [{ lane, text }] : []
}

/** A text, or parts with one each. */
function contentPieces(lane: string, content: unknown): TextPiece[] {
  return Array.isArray(content)
    ? mapsOf(content).flatMap(part => piece(lane, part['text']))
    : piece(lane, content)
}
