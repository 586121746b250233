import { createHash } from 'node:crypto'
import type { JsonObject } from '../json.ts'
import type { Dialect } from './dialect.ts'
import type { Answer, Call } from './provider.ts'
import { tokensIn } from './text.ts'

export const DEFAULT_DIMENSIONS = 8
const MOST_DIMENSIONS = 3072

/** POST …/embeddings, as numbers or, for `encoding_format: base64`, as little-endian 32-bit floats. */
export function embeddings(call: Call, body: JsonObject, model: string, speak: Dialect): Answer {
  const inputs = inputsOf(body['input'])
  if (!inputs) {
    const message = "Missing or invalid parameter: 'input' must be a text, tokens, or a list of either."
    return speak.error(call, 400, { message, param: 'input', code: 'missing_required_parameter' })
  }
  const dimensions = body['dimensions'] ?? DEFAULT_DIMENSIONS
  if (typeof dimensions !== 'number' || !Number.isInteger(dimensions) || dimensions < 1) {
    return speak.error(call, 400, { message: "Invalid 'dimensions'.", param: 'dimensions' })
  }
  if (dimensions > MOST_DIMENSIONS) {
    const message = `Invalid 'dimensions': at most ${MOST_DIMENSIONS}.`
    return speak.error(call, 400, { message, param: 'dimensions' })
  }
  const encode = body['encoding_format'] === 'base64' ? base64 : (vector: number[]) => vector
  const data = inputs.map((input, index) => {
    return { object: 'embedding', index, embedding: encode(vectorOf(input.text, dimensions)) }
  })
  const prompt_tokens = inputs.reduce((sum, input) => sum + input.tokens, 0)
  const value = { object: 'list', data, model, usage: { prompt_tokens, total_tokens: prompt_tokens } }
  return { status: 200, headers: speak.headers(call), body: JSON.stringify(value) }
}

interface Input {
  readonly text: string
  readonly tokens: number
}

function inputsOf(input: unknown): Input[] | undefined {
  if (typeof input === 'string') return [{ text: input, tokens: tokensIn(input) }]
  if (!Array.isArray(input) || input.length === 0) return undefined
  if (input.every(token => typeof token === 'number')) {
    return [{ text: input.join(' '), tokens: input.length }]
  }
  const each = input.map(inputsOf)
  return each.every(inputs => inputs !== undefined && inputs.length === 1)
    ? each.flat().filter(isInput)
    : undefined
}

function isInput(input: Input | undefined): input is Input {
  return input !== undefined
}

/** A unit vector that depends on the text alone. Its numbers are exact 32-bit floats, so both encodings agree. */
export function vectorOf(text: string, dimensions: number): number[] {
  const numbers: number[] = []
  for (let block = 0; numbers.length < dimensions; block += 1) {
    const digest = createHash('sha256').update(`${block} ${text}`).digest()
    for (let at = 0; at < digest.length && numbers.length < dimensions; at += 4) {
      numbers.push(digest.readInt32LE(at) / 2 ** 31)
    }
  }
  const norm = Math.hypot(...numbers) || 1
  return numbers.map(number => Math.fround(number / norm))
}

function base64(vector: number[]): string {
  const bytes = Buffer.alloc(vector.length * 4)
  for (const [index, number] of vector.entries()) bytes.writeFloatLE(number, index * 4)
  return bytes.toString('base64')
}
