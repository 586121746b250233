import type { RouteType } from '../../providers/index.ts'

export type Parameters = Readonly<Record<string, number | string>>

/** Field of the log → what formats call it, the first that is there counting. */
const NUMBERS: readonly (readonly [string, ...string[]])[] = [
  ['gen_ai.request.temperature', 'temperature'],
  ['gen_ai.request.top_p', 'top_p', 'topP'],
  [
    'gen_ai.request.max_tokens',
    'max_completion_tokens',
    'max_tokens',
    'max_output_tokens',
    'maxOutputTokens',
  ],
  ['gen_ai.request.frequency_penalty', 'frequency_penalty', 'frequencyPenalty'],
  ['gen_ai.request.presence_penalty', 'presence_penalty', 'presencePenalty'],
  ['gen_ai.request.seed', 'seed'],
]
const DIMENSIONS = [['gen_ai.embeddings.dimension.count', 'dimensions']] as const
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

function numbersIn(
  from: unknown,
  wanted: readonly (readonly [string, ...string[]])[],
): Parameters | undefined {
  if (typeof from !== 'object' || from === null) return undefined
  let found: Record<string, number> | undefined
  for (const [field, ...names] of wanted) {
    const name = names.find(one => typeof (from as Record<string, unknown>)[one] === 'number')
    if (name === undefined) continue
    found ??= {}
    found[field] = (from as Record<string, number>)[name] as number
  }
  return found
}
