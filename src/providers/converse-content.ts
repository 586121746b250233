import { isObject, type JsonObject } from '../json.ts'
import { isAbsent, listAt, objectAt, stringAt, TranslationError } from './fields.ts'
import type { ToolNames } from './tool-names.ts'

const MOST_CACHE_POINTS = 4

/** Where a prompt may be cached up to: Bedrock takes four such places, and refuses a fifth. */
export class CachePoints {
  #left = MOST_CACHE_POINTS

  /** What follows the block that has the mark. */
  after(mark: unknown): JsonObject[] {
    if (isAbsent(mark) || this.#left === 0) return []
    this.#left--
    return [{ cachePoint: { type: 'default' } }]
  }
}

/** The blocks of Messages as those of Converse. */
export class ConverseContent {
  readonly #cache: CachePoints
  readonly #tools: ToolNames
  #documents = 0
  /** Tools were called in the conversation. */
  hasTools = false

  constructor(cache: CachePoints, tools: ToolNames) {
    this.#cache = cache
    this.#tools = tools
  }

  /** What the system says: a text, or blocks of text. */
  system(content: unknown, path: string): JsonObject[] {
    if (typeof content === 'string') return content === '' ? [] : [{ text: content }]
    return listAt(content, path).flatMap((block, index) => {
      const { text, cache_control } = objectAt(block, `${path}[${index}]`)
      return [{ text: stringAt(text, `${path}[${index}].text`) }, ...this.#cache.after(cache_control)]
    })
  }

  blocks(content: unknown, path: string): JsonObject[] {
    if (typeof content === 'string') return [{ text: content }]
    return listAt(content, path).flatMap((one, index) => {
      const block = objectAt(one, `${path}[${index}]`)
      return [this.#block(block, `${path}[${index}]`), ...this.#cache.after(block['cache_control'])]
    })
  }

  #block(block: JsonObject, path: string): JsonObject {
    switch (block['type']) {
      case 'text':
        return { text: stringAt(block['text'], `${path}.text`) }
      case 'image':
        return { image: imageOf(block, path) }
      case 'document':
        return { document: this.#document(block, path) }
      case 'tool_use':
        return { toolUse: this.#toolUse(block, path) }
      case 'tool_result':
        return { toolResult: this.#toolResult(block, path) }
      case 'thinking': {
        const { thinking: text, signature } = block
        return { reasoningContent: { reasoningText: { text, ...(signature ? { signature } : {}) } } }
      }
      case 'redacted_thinking':
        return { reasoningContent: { redactedContent: block['data'] } }
      default:
        throw new TranslationError(`${path}.type`, "has no form in Bedrock's Converse API.")
    }
  }

  #toolUse({ id, name, input }: JsonObject, path: string): JsonObject {
    this.hasTools = true
    const toolUseId = stringAt(id, `${path}.id`)
    return { toolUseId, name: this.#tools.send(stringAt(name, `${path}.name`)), input: input ?? {} }
  }

  #toolResult({ tool_use_id, content, is_error }: JsonObject, path: string): JsonObject {
    this.hasTools = true
    const parts =
      typeof content === 'string'
        ? [{ text: content }]
        : listAt(content, `${path}.content`).map((part, index) =>
            this.#block(objectAt(part, `${path}.content[${index}]`), `${path}.content[${index}]`),
          )
    const toolUseId = stringAt(tool_use_id, `${path}.tool_use_id`)
    return { toolUseId, content: parts, ...(is_error === true && { status: 'error' }) }
  }

  /** Bedrock wants another name for each. */
  #document(block: JsonObject, path: string): JsonObject {
    this.#documents++
    const { title } = block
    const name = `${(typeof title === 'string' && plainTitle(title)) || 'document'} ${this.#documents}`
    const source = objectAt(block['source'], `${path}.source`)
    if (source['type'] === 'text') {
      const text = stringAt(source['data'], `${path}.source.data`)
      return { format: 'txt', name, source: { bytes: Buffer.from(text).toString('base64') } }
    }
    if (source['type'] !== 'base64' || source['media_type'] !== 'application/pdf') {
      throw new TranslationError(`${path}.source`, 'must be a PDF in base64, or text: Bedrock fetches none.')
    }
    return { format: 'pdf', name, source: { bytes: stringAt(source['data'], `${path}.source.data`) } }
  }
}

/** A title as Bedrock takes it: of plain characters, and with no two blanks in a row; perhaps empty. */
function plainTitle(title: string): string {
  const plain = title.replace(/[^a-zA-Z0-9 ()[\]-]+/g, '-').slice(0, 100)
  return plain.replace(/ +/g, ' ').trim()
}

const IMAGE = /^image\/(png|jpeg|gif|webp)$/

function imageOf({ source }: JsonObject, path: string): JsonObject {
  const { type, media_type, data } = isObject(source) ? source : {}
  const format = typeof media_type === 'string' ? IMAGE.exec(media_type)?.[1] : undefined
  if (type !== 'base64' || format === undefined) {
    throw new TranslationError(
      `${path}.source`,
      'must be a PNG, JPEG, GIF or WebP image in base64: Bedrock fetches none.',
    )
  }
  return { format, source: { bytes: stringAt(data, `${path}.source.data`) } }
}
