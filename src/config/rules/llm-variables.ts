import { keyAbove, type Place } from './tree.ts'

const TEXTS = /"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'/g

/** Keys under which agentgateway has the request to the model, under the keys they stand in. */
const WITH_REQUEST: Readonly<Record<string, readonly string[]>> = {
  ai: ['transformations', 'finalTransformations'],
  defaults: ['transformation'],
  models: ['transformation', 'finalTransformation'],
  targets: ['when'],
  webhook: ['headers'],
}

/** Likewise: what is asked before a request goes to its model, where nothing is known of its answer. */
const BEFORE_ANSWER: Readonly<Record<string, readonly string[]>> = {
  authorization: ['rules'],
  authorizationLocation: ['expression'],
  conditional: ['condition', 'bodyExpression', 'headers'],
  delay: ['duration'],
  directResponse: ['bodyExpression', 'headers'],
  location: ['expression'],
  request: ['add', 'set', 'replace', 'body', 'metadata'],
  retry: ['precondition'],
  targets: ['when'],
}

/** A variable that an expression looks into where agentgateway has none of it, and where it has. */
export interface NullVariable {
  readonly name: 'llmRequest' | 'llm'
  readonly isThere: string
}

export function nullVariable(source: string, place: Place): NullVariable | undefined {
  const code = source.replace(TEXTS, '""')
  if (reads('llmRequest', code) && !isAmong(WITH_REQUEST, place))
    return {
      name: 'llmRequest',
      isThere: 'where the body of a model is transformed, and in "when" of a virtual model',
    }
  return reads('llm', code) && isAmong(BEFORE_ANSWER, place)
    ? { name: 'llm', isThere: 'once a model has answered' }
    : undefined
}

function isAmong(places: Readonly<Record<string, readonly string[]>>, place: Place): boolean {
  const above = keyAbove(place) ?? ''
  return Object.hasOwn(places, above) && places[above]?.includes(String(place.key)) === true
}

/** Who asks first whether it is there knows that it may not be. */
function reads(name: string, code: string): boolean {
  return (
    new RegExp(String.raw`(?<![\w.])${name}(?!\w)`).test(code) &&
    !new RegExp(String.raw`\b${name}\s*[!=]=\s*null`).test(code)
  )
}
