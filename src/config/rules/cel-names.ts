import { BINDING_MACROS, type Expr } from './cel-syntax.ts'

/**
 * Something an expression uses that agentgateway does not have; a `binder` it has, though not for a first argument that is
 * no plain name, an `asMethod` or `asFunction` only in the other form, and a `sameTwice` takes its first argument for both.
 */
export interface StrangeName {
  readonly kind: 'function' | 'name' | 'field' | 'type' | 'binder' | 'asMethod' | 'asFunction' | 'sameTwice'
  readonly name: string
  /** What it is looked up in, for did-you-mean. */
  readonly known: readonly string[]
  /** Of a field: what it is a field of. */
  readonly of?: string
}

/** Functions of a namespace. */
export const QUALIFIED: Readonly<Record<string, readonly string[]>> = {
  base64: ['encode', 'decode'],
  form: ['encode', 'decode'],
  math: [
    'least',
    'greatest',
    'ceil',
    'floor',
    'round',
    'trunc',
    'isInf',
    'isNaN',
    'isFinite',
    'abs',
    'sign',
    'sqrt',
    'bitAnd',
    'bitOr',
    'bitXor',
    'bitNot',
    'bitShiftLeft',
    'bitShiftRight',
  ],
  md5: ['encode'],
  optional: ['none', 'of', 'ofNonZeroValue'],
  sha1: ['encode'],
  sha256: ['encode'],
  url: ['encode', 'decode'],
}

/** Functions of CEL, of its string, address and JSON extensions, and agentgateway's own. */
const FUNCTIONS: readonly string[] = (
  'contains size max min startsWith endsWith string bytes double int uint type value hasValue or orValue matches ' +
  'duration timestamp getFullYear getMonth getDayOfYear getDayOfMonth getDate getDayOfWeek getHours getMinutes ' +
  'getSeconds getMilliseconds charAt indexOf lastIndexOf join lowerAscii upperAscii stripPrefix stripSuffix trim ' +
  'replace split substring cidr ip isIP json jsonField unvalidatedJwtPayload to_json toJson with mapValues ' +
  'filterKeys merge variables random default coalesce regexReplace fail uuid base64Encode base64Decode flatten ' +
  'flatten_recursive flattenRecursive precompiled_matches has all exists exists_one existsOne map filter'
).split(' ')

/** Functions, and what only certain values can be asked: headers, queries, addresses, secrets. */
export const METHODS: readonly string[] = FUNCTIONS.concat(
  (
    'unredacted redacted raw cookie query addQuery setQuery masked prefixLength containsIP containsCIDR family ' +
    'isUnspecified isLoopback isLinkLocalMulticast isLinkLocalUnicast isGlobalUnicast'
  ).split(' '),
)

/** Those that take what they work on as an argument: `json(x)`, never `x.json()`. */
export const CALLED: ReadonlySet<string> = new Set(
  (
    'bytes duration timestamp cidr isIP json jsonField unvalidatedJwtPayload to_json toJson fail base64Encode ' +
    'base64Decode flatten flatten_recursive flattenRecursive'
  ).split(' '),
)

/** Those that take it in front alone: `x.trim()`, never `trim(x)`. */
const ASKED: ReadonlySet<string> = new Set(
  (
    'charAt indexOf lastIndexOf join lowerAscii upperAscii stripPrefix stripSuffix trim replace split substring with ' +
    'mapValues filterKeys merge regexReplace'
  ).split(' '),
)

/** Of these agentgateway looks at the first argument twice when there is nothing in front: `startsWith(a, b)` is `a.startsWith(a)`. */
const SAME_TWICE: ReadonlySet<string> = new Set(['contains', 'startsWith', 'endsWith', 'matches'])

/** What a request brings into an expression; the gateway fills in the same names. */
export const CONTEXT_NAMES = [
  'request',
  'response',
  'proxy',
  'env',
  'source',
  'destination',
  'jwt',
  'apiKey',
  'basicAuth',
  'llm',
  'llmRequest',
  'mcp',
  'backend',
  'extauthz',
  'extproc',
  'mcpGuardrails',
  'metadata',
] as const
const NAMES: readonly string[] = CONTEXT_NAMES
const TYPES = new Set(
  'bool bytes double float duration dyn int list map null_type string timestamp type uint google'.split(' '),
)

/** What two of them consist of. */
export const FIELDS: Readonly<Record<string, readonly string[]>> = {
  request: [
    'method',
    'uri',
    'host',
    'scheme',
    'path',
    'pathAndQuery',
    'version',
    'headers',
    'body',
    'bodyPrefix',
    'startTime',
    'endTime',
  ],
  response: ['code', 'grpcStatus', 'headers', 'body', 'bodyPrefix'],
}

/** Functions whose first argument is a new name, as with macros. */
const BINDERS = new Set(['with', 'mapValues', 'filterKeys'])

/** Longer expressions are not looked through. */
const MAX_LENGTH = 8000

/**
 * Names that an expression uses and that agentgateway does not have: it compiles, and fails whenever it is evaluated.
 * `own` are the functions that the config defines itself.
 */
export function strangeNames(source: string, expr: Expr, own: readonly string[]): StrangeName[] {
  if (source.length > MAX_LENGTH) return []
  const found: StrangeName[] = []
  look(expr, new Set(), own, found)
  return found
}

function look(expr: Expr, bound: ReadonlySet<string>, own: readonly string[], found: StrangeName[]): void {
  switch (expr.kind) {
    case 'name':
      if (!bound.has(expr.name) && !NAMES.includes(expr.name) && !TYPES.has(expr.name)) {
        found.push({ kind: 'name', name: expr.name, known: NAMES })
      }
      return
    case 'field':
      lookField(expr, bound, found)
      look(expr.of, bound, own, found)
      return
    case 'call':
      lookCall(expr, bound, own, found)
      return
    case 'index':
      look(expr.of, bound, own, found)
      look(expr.by, bound, own, found)
      return
    case 'message':
      found.push({ kind: 'type', name: expr.name, known: [] })
      for (const part of expr.parts) look(part, bound, own, found)
      return
    case 'other':
      for (const part of expr.parts) look(part, bound, own, found)
      return
    case 'text':
  }
}

function lookField(
  { of, name }: Extract<Expr, { kind: 'field' }>,
  bound: ReadonlySet<string>,
  found: StrangeName[],
): void {
  if (of.kind !== 'name' || bound.has(of.name)) return
  const known = Object.hasOwn(FIELDS, of.name) ? FIELDS[of.name] : undefined
  if (known !== undefined && !known.includes(name)) found.push({ kind: 'field', name, known, of: of.name })
}

function lookCall(
  { of, name, args }: Extract<Expr, { kind: 'call' }>,
  bound: ReadonlySet<string>,
  own: readonly string[],
  found: StrangeName[],
): void {
  const space =
    of?.kind === 'name' && !bound.has(of.name) && Object.hasOwn(QUALIFIED, of.name) ? of.name : undefined
  const known = space !== undefined ? (QUALIFIED[space] ?? []) : of === undefined ? FUNCTIONS : METHODS
  if (!known.includes(name) && !own.includes(name))
    found.push({ kind: 'function', name, known: [...known, ...own] })
  else if (space === undefined && !own.includes(name)) {
    if (of !== undefined && CALLED.has(name)) found.push({ kind: 'asFunction', name, known: [] })
    if (of === undefined && ASKED.has(name)) found.push({ kind: 'asMethod', name, known: [] })
    if (of === undefined && SAME_TWICE.has(name)) found.push({ kind: 'sameTwice', name, known: [] })
  }
  if (of !== undefined && space === undefined) look(of, bound, own, found)
  // `default(a.b, c)` and `coalesce(…)` are there for what may be missing, but not for names that never exist.
  const [first, ...rest] = args
  const isBinder = of !== undefined && BINDERS.has(name)
  const binds =
    isBinder ||
    (of !== undefined &&
      Object.hasOwn(BINDING_MACROS, name) &&
      BINDING_MACROS[name]?.includes(args.length) === true)
  if (isBinder && (first?.kind !== 'name' || args.length !== 2) && !own.includes(name))
    found.push({ kind: 'binder', name, known: [] })
  if (binds && first?.kind === 'name') {
    const inner = new Set([...bound, first.name])
    for (const part of rest) look(part, inner, own, found)
    return
  }
  for (const part of args) look(part, bound, own, found)
}
