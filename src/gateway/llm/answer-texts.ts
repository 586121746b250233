import { isMap, mapsOf } from './texts.ts'

type JsonObject = Record<string, unknown>

/** Shows every text that a model has said to the visitor, whatever the format, and puts what it yields in its place. */
export function visitAnswerTexts(answer: JsonObject, visit: (text: string) => string): void {
  for (const choice of mapsOf(answer['choices'])) {
    if (!isMap(choice['message']) || !replace(choice['message'], 'content', visit)) continue
    // They spell the text out, token by token.
    if (isMap(choice['logprobs'])) choice['logprobs'] = null
  }
  for (const block of mapsOf(answer['content'])) replace(block, 'text', visit)
  for (const item of mapsOf(answer['output']))
    for (const part of mapsOf(item['content'])) {
      if (part['type'] !== 'output_text' || !replace(part, 'text', visit)) continue
      // What points into the text by numbers no longer does.
      part['annotations'] = []
      delete part['logprobs']
    }
  for (const candidate of mapsOf(answer['candidates']))
    for (const part of partsOf(candidate)) if (part['thought'] !== true) replace(part, 'text', visit)
}

function partsOf({ content }: JsonObject): JsonObject[] {
  return isMap(content) ? mapsOf(content['parts']) : []
}

/** True where the text is another one now. */
function replace(holder: JsonObject, key: string, visit: (text: string) => string): boolean {
  const text = holder[key]
  if (typeof text !== 'string') return false
  holder[key] = visit(text)
  return holder[key] !== text
}

/** A text in a stream, and what it goes on with: pieces of the same lane belong together. */
export interface Piece {
  readonly lane: string
  readonly text: string
}

/** What an event of a stream says, whatever the format. */
export function piecesOf(event: JsonObject): Piece[] {
  const { type, delta } = event
  if (type === 'response.output_text.delta')
    return piece(`${event['output_index']}.${event['content_index']}`, delta)
  if (Array.isArray(event['choices']))
    return mapsOf(event['choices']).flatMap(({ index, delta: said }) =>
      isMap(said) ? piece(String(index), said['content']) : [],
    )
  if (Array.isArray(event['candidates']))
    return mapsOf(event['candidates']).flatMap((candidate, index) =>
      partsOf(candidate).flatMap(part =>
        part['thought'] === true ? [] : piece(String(index), part['text']),
      ),
    )
  const said = isMap(delta) ? delta : event['content_block']
  return isMap(said) ? piece(String(event['index']), said['text']) : []
}

function piece(lane: string, text: unknown): Piece[] {
  return typeof text === 'string' && text !== '' ? [{ lane, text }] : []
}
