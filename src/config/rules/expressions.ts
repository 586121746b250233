import type { Path } from '../diagnostic.ts'
import { isDuration } from '../duration.ts'
import { type StrangeName, strangeNames } from './cel-names.ts'
import { parseCel } from './cel-syntax.ts'
import { CelProblem } from './cel-tokens.ts'
import { nullVariable } from './llm-variables.ts'
import type { PlaceContext, PlaceRule } from './rule.ts'
import { isNode, keyAbove, type Place, pathOf, textAt } from './tree.ts'
import { meant, shown } from './words.ts'

/** Keys that hold an expression, under the keys they stand in; `*` for a map or list of expressions. */
export const EXPRESSIONS: Readonly<Record<string, readonly string[]>> = {
  accessLog: ['filter', 'add*'],
  ai: ['transformations*', 'finalTransformations*'],
  authorizationLocation: ['expression'],
  cache: ['key*', 'ttl'],
  conditional: [
    'condition',
    'bodyExpression',
    'headers*',
    'metadataContext**',
    'requestAttributes*',
    'responseAttributes*',
  ],
  database: ['add*'],
  defaults: ['transformation*'],
  delay: ['duration'],
  descriptors: ['cost', 'limitOverride'],
  directResponse: ['bodyExpression', 'headers*'],
  dynamic: ['target'],
  entries: ['value'],
  extProc: ['metadataContext**', 'requestAttributes*', 'responseAttributes*'],
  fields: ['add*'],
  grpc: ['metadata*'],
  health: ['unhealthyExpression'],
  http: ['path', 'redirect', 'body', 'addRequestHeaders*', 'metadata*'],
  location: ['expression'],
  logging: ['filter', 'add*'],
  models: ['transformation*', 'finalTransformation*'],
  oauthTokenExchange: ['additionalParams*'],
  otlp: ['filter'],
  processors: ['metadata*'],
  request: ['add*', 'set*', 'replace', 'body', 'metadata*'],
  response: ['add*', 'set*', 'replace', 'body', 'metadata*'],
  retry: ['precondition', 'condition'],
  rules: ['allow', 'deny', 'require'],
  sessionAffinity: ['source'],
  sessionName: ['expression'],
  source: ['expression'],
  standardAttributes: ['user', 'group'],
  tags: ['expression'],
  targets: ['when'],
  tracing: ['filter', 'attributes*', 'resources*', 'randomSampling', 'clientSampling', 'headers*'],
  webhook: ['headers*'],
}

/** Sections with lists of expressions. */
export const RULE_LISTS = new Set(['authorization', 'mcpAuthorization', 'networkAuthorization'])
/** Durations may be written as they are. */
const DURATIONS = new Set(['duration', 'ttl'])

const KEYS = [...new Set(Object.values(EXPRESSIONS).flat())].map(key => key.replace(/\**$/, ''))

/** Expressions that do not compile, and those that use what agentgateway does not have. */
const expressions: PlaceRule = {
  keys: [...new Set([...KEYS, 'rules'])],
  judge(place, context) {
    const sources = sourcesAt(place)
    if (sources.length === 0) return
    const own = ownFunctions(textAt(context.data, 'config', 'customFunctions'))
    for (const [source, path] of sources) judge(source, path, place, own, context)
  },
}

/** The expressions that stand at a place, each with its path. */
function sourcesAt(place: Place): readonly [string, Path][] {
  const above = keyAbove(place) ?? ''
  if (place.key === 'rules') return RULE_LISTS.has(above) ? textsIn(place.value, pathOf(place), 1) : []
  const keys = Object.hasOwn(EXPRESSIONS, above) ? (EXPRESSIONS[above] ?? []) : []
  const entry = keys.find(key => key.replace(/\**$/, '') === place.key)
  if (entry === undefined) return []
  return textsIn(place.value, pathOf(place), entry.length - String(place.key).length)
}

/** Texts `depth` levels below a value. */
function textsIn(value: unknown, path: Path, depth: number): [string, Path][] {
  if (depth === 0) return typeof value === 'string' ? [[value, path]] : []
  const below = Array.isArray(value) ? [...value.entries()] : isNode(value) ? Object.entries(value) : []
  return below.flatMap(([key, one]) => textsIn(one, [...path, key], depth - 1))
}

function judge(
  source: string,
  path: Path,
  place: Place,
  own: readonly string[],
  { report }: PlaceContext,
): void {
  if (source.trim() === '' || (DURATIONS.has(String(place.key)) && isDuration(source))) return
  try {
    for (const strange of strangeNames(source, parseCel(source), own)) {
      report({ ...describe(strange, place), path })
    }
    const missing = nullVariable(source, place)
    if (missing !== undefined) {
      report({
        code: 'UNKNOWN_NAME',
        path,
        message: `${missing.name} is null here in agentgateway: it is there ${missing.isThere}`,
        hint: 'read json(request.body) instead',
      })
    }
  } catch (error) {
    if (!(error instanceof CelProblem)) throw error
    report({
      code: 'BAD_EXPRESSION',
      path,
      message: `this expression does not compile: ${error.message}`,
      hint: error.hint,
    })
  }
}

function describe(
  strange: StrangeName,
  place: Place,
): Pick<Parameters<PlaceContext['report']>[0], 'code' | 'message' | 'hint'> {
  const { kind, name, known, of } = strange
  const outcome = outcomeAt(place)
  if (kind === 'function') {
    return {
      code: 'UNKNOWN_FUNCTION',
      message: `agentgateway has no function ${shown(name, 'of this name')}, so the expression ${outcome}`,
      hint: meant(name, known, 'look it up in the list of CEL functions of agentgateway'),
    }
  }
  if (kind === 'binder') {
    return {
      code: 'UNKNOWN_FUNCTION',
      message: `${name}(…) takes a plain name and an expression in which it stands for the value, so the expression ${outcome}`,
      hint: `write ${name}(x, …)`,
    }
  }
  if (kind === 'asMethod' || kind === 'asFunction') {
    const [wrong, right] = kind === 'asMethod' ? [`${name}(x)`, `x.${name}()`] : [`x.${name}()`, `${name}(x)`]
    return {
      code: 'UNKNOWN_FUNCTION',
      message: `agentgateway has ${right} and no ${wrong}, so the expression ${outcome}`,
      hint: `write ${right}, with the other arguments behind`,
    }
  }
  if (kind === 'sameTwice') {
    return {
      code: 'UNKNOWN_FUNCTION',
      message: `in ${name}(a, b) agentgateway compares a with itself, and looks at no b`,
      hint: `write a.${name}(b)`,
    }
  }
  if (kind === 'type') {
    return {
      code: 'UNKNOWN_NAME',
      message: `agentgateway has no type ${shown(name, 'of this name')} that {…} could make, so the expression ${outcome}`,
      hint: 'write a map, with its keys in quotes: {"key": value}',
    }
  }
  if (kind === 'field') {
    return {
      code: 'UNKNOWN_NAME',
      message: `${shown(name, 'this')} is no field of ${of}, so the expression ${outcome}`,
      hint: meant(name, known, `it has: ${known.join(', ')}`),
    }
  }
  return {
    code: 'UNKNOWN_NAME',
    message: `nothing is called ${shown(name, 'that')}, so the expression ${outcome}`,
    hint: meant(
      name,
      known,
      `put plain text into quotes of its own: '"text"'; there are request, response, jwt, apiKey, llm, source and others`,
    ),
  }
}

function outcomeAt({ key }: Place): string {
  return key === 'deny' ? 'fails, and this rule denies nothing' : 'fails whenever it is evaluated'
}

/** Functions that the config defines: `name(a, b) { expression }`. */
function ownFunctions(definitions: string | undefined): string[] {
  if (definitions === undefined) return []
  return [...definitions.matchAll(/([A-Za-z_]\w*)\s*\([^(){}]*\)\s*\{/g)].map(([, name = '']) => name)
}

export const EXPRESSION_RULES: readonly PlaceRule[] = [expressions]
