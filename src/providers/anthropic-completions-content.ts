import { isObject, type JsonObject } from '../json.ts'
import { isBlank, listAt, objectAt, stringAt, TranslationError } from './fields.ts'

/** The image types that the Messages API takes as base64; `image/jpg` is a common slip for `image/jpeg`. */
const IMAGE_TYPES: ReadonlyMap<string, string> = new Map([
  ['image/jpeg', 'image/jpeg'],
  ['image/jpg', 'image/jpeg'],
  ['image/png', 'image/png'],
  ['image/gif', 'image/gif'],
  ['image/webp', 'image/webp'],
])

const REMOTE = /^https?:\/\//i

/** For models behind an API that fetches nothing: a TranslationError at the first image of a chat that is not in it. */
export function refuseRemoteImages(messages: unknown): void {
  for (const [index, message] of listAt(messages, 'messages').entries()) {
    const content = isObject(message) ? message['content'] : undefined
    if (!Array.isArray(content)) continue
    for (const [place, part] of content.entries()) {
      const image: unknown = isObject(part) ? part['image_url'] : undefined
      if (!isObject(image) || typeof image['url'] !== 'string' || !REMOTE.test(image['url'])) continue
      const path = `messages[${index}].content[${place}].image_url.url`
      throw new TranslationError(path, 'must be a base64 data: URL: Bedrock fetches no images.')
    }
  }
}

/** Chat Completions content (a string or a list of parts) → Messages blocks. Blank text is left out. */
export function blocksOf(content: unknown, path: string): JsonObject[] {
  if (typeof content === 'string') return textBlocks(content)
  if (!Array.isArray(content)) throw new TranslationError(path, 'must be a string or a list of parts.')
  return content.flatMap((part, index) =>
    partBlocks(objectAt(part, `${path}[${index}]`), `${path}[${index}]`),
  )
}

/** Content that may hold text only (system and developer messages) → that text, one line per part. */
export function textOf(content: unknown, path: string): string {
  if (typeof content === 'string') return content
  return listAt(content, path)
    .map((part, index) => {
      if (!isObject(part) || part['type'] !== 'text') {
        throw new TranslationError(
          `${path}[${index}]`,
          'must be a text part in a system or developer message.',
        )
      }
      return stringAt(part['text'], `${path}[${index}].text`)
    })
    .join('\n')
}

/** A text block, or none: the Messages API refuses blank ones. */
export function textBlocks(text: string): JsonObject[] {
  return isBlank(text) ? [] : [{ type: 'text', text }]
}

function partBlocks(part: JsonObject, path: string): JsonObject[] {
  switch (part['type']) {
    case 'text':
      return textBlocks(stringAt(part['text'], `${path}.text`))
    case 'refusal':
      return textBlocks(stringAt(part['refusal'], `${path}.refusal`))
    case 'image_url':
      return [imageBlock(objectAt(part['image_url'], `${path}.image_url`), `${path}.image_url.url`)]
    case 'file':
      return [documentBlock(objectAt(part['file'], `${path}.file`), `${path}.file`)]
    case 'input_audio':
      throw new TranslationError(`${path}.type`, "Anthropic's models take no audio. Send the words as text.")
    default:
      throw new TranslationError(`${path}.type`, 'Anthropic takes parts of type text, image_url and file.')
  }
}

function imageBlock(image: JsonObject, path: string): JsonObject {
  const url = stringAt(image['url'], path)
  if (REMOTE.test(url)) return { type: 'image', source: { type: 'url', url } }
  const inline = readDataUrl(url)
  const mediaType = inline && IMAGE_TYPES.get(inline.mediaType)
  if (inline === undefined || mediaType === undefined) {
    throw new TranslationError(
      path,
      'must be an http(s) URL or a base64 data: URL of a JPEG, PNG, GIF or WebP image.',
    )
  }
  return { type: 'image', source: { type: 'base64', media_type: mediaType, data: inline.data } }
}

function documentBlock(file: JsonObject, path: string): JsonObject {
  const inline = typeof file['file_data'] === 'string' ? readDataUrl(file['file_data']) : undefined
  if (inline?.mediaType !== 'application/pdf') {
    throw new TranslationError(
      `${path}.file_data`,
      'must be a base64 data: URL of a PDF. Files uploaded to OpenAI are out of reach.',
    )
  }
  const source = { type: 'base64', media_type: inline.mediaType, data: inline.data }
  const title = file['filename']
  return typeof title === 'string' && title !== ''
    ? { type: 'document', source, title }
    : { type: 'document', source }
}

/**
 * The parts of a base64 `data:` URL, undefined for any other URL. No pattern over the whole: it may hold
 * megabytes.
 */
function readDataUrl(url: string): { readonly mediaType: string; readonly data: string } | undefined {
  const comma = url.indexOf(',')
  const head = url.slice(0, Math.max(comma, 0)).toLowerCase()
  if (!head.startsWith('data:') || !head.endsWith(';base64')) return undefined
  return { mediaType: head.slice('data:'.length, head.indexOf(';')), data: url.slice(comma + 1) }
}
