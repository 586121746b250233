import type { RouteType } from '../../providers/index.ts'

export type Parameters = Readonly<Record<string, number | string>>

/** Field of the log → what formats call it, the first that is there counting. */
type Wanted = readonly { readonly field: string; readonly names: readonly string[] }[]

const NUMBERS: Wanted = [
  { field: 'gen_ai.request.temperature', names: ['temperature'] },
  { field: 'gen_ai.request.top_p', names: ['top_p', 'topP'] },
  {
    field: 'gen_ai.request.max_tokens',
    names: ['max_completion_tokens', 'max_tokens', 'max_output_tokens', 'maxOutputTokens'],
  },
  { field: 'gen_ai.request.frequency_penalty', names: ['frequency_penalty', 'frequencyPenalty'] },
  { field: 'gen_ai.request.presence_penalty', names: ['presence_penalty', 'presencePenalty'] },
  { field: 'gen_ai.request.seed', names: ['seed'] },
]
const DIMENSIONS: Wanted = [{ field: 'gen_ai.embeddings.dimension.count', names: ['dimensions'] }]
/** Any other text is the client's own, and may be anything. */
const ENCODINGS: ReadonlySet<unknown> = new Set(['float', 'base64'])

/** What a request in this format asks of its model; undefined where that is nothing. */
export function requestParameters(
  type: RouteType | undefined,
  json: Readonly<Record<string, unknown>>,
): Parameters | undefined {
  if (type !== 'embeddings')
    return numbersIn(type === 'generateContent' ? json['generationConfig'] : json, NUMBERS)
  const { encoding_format: encoding } = json
  const found = numbersIn(json, DIMENSIONS)
  return ENCODINGS.has(encoding) ? { ...found, 'gen_ai.request.encoding_formats': encoding as string } : found
}

function numbersIn(from: unknown, wanted: Wanted): Parameters | undefined {
  if (typeof from !== 'object' || from === null) return undefined
  let found: Record<string, number> | undefined
  for (const { field, names } of wanted) {
    const value = firstNumber(from as Record<string, unknown>, names)
    if (value === undefined) continue
    found ??= {}
    found[field] = value
  }
  return found
}

function firstNumber(from: Record<string, unknown>, names: readonly string[]): number | undefined {
  for (const name of names) {
    const value = from[name]
    if (typeof value === 'number') return value
  }
  return undefined
}
