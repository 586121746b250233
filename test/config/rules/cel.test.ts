import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { z } from 'zod'
import { strangeNames } from '../../../src/config/rules/cel-names.ts'
import { parseCel } from '../../../src/config/rules/cel-syntax.ts'
import { CelProblem } from '../../../src/config/rules/cel-tokens.ts'
import { EXPRESSIONS, RULE_LISTS } from '../../../src/config/rules/expressions.ts'
import { cel } from '../../../src/config/schema/primitives.ts'
import { configSchema } from '../../../src/config/schema.ts'
import { diagnosticsIn, findingsIn } from './findings-in.ts'

const SOUND = [
  'request.method == "GET"',
  'jwt.sub in ["a", "b",]',
  '{"a": 1, "b": [1, 2]}.merge({"c": 3,})',
  'has(request.headers.authorization) ? 1 : has(jwt.sub) ? 2 : 3',
  'request.path.matches(r"^/v\\d+$")',
  'request.path.matches("^/v\\\\d+$")',
  'json(request.body).items.filter(i, i.price > 1.5e3).map(i, i.name)',
  'json(request.body).with(b, b.a + b.c)',
  'llmRequest.model.stripPrefix("anthropic/")',
  'random() < 0.1 ? 500 : 0',
  'default(request.headers["x-user"], "guest")',
  'math.least(1, 2) + -3 - -4 * 0x1F % 7u',
  '!!(true && !false) || null == null',
  '"""two\nlines""" + \'\'\'and "more"\'\'\'',
  'b"bytes" == b\'\\x41\' // and a comment',
  'request.headers.redacted().split()["authorization"]',
  'cidr("10.0.0.0/8").containsIP(source.address)',
  'sha256.encode("a") + base64.encode(b"b")',
  'type(1) == int',
  '.request.path',
  'a.b.C{field: 1}',
  'request.headers.`x-a`',
]

test.each(SOUND)('compiles: %s', source => {
  expect(() => parseCel(source)).not.toThrow()
})

const BROKEN: readonly (readonly [source: string, message: RegExp, hint: RegExp])[] = [
  ['request.method = "GET"', /single =/, /==/],
  ['a & b', /single &/, /&&/],
  ['a and b', /no word "and"/, /&&/],
  ['not a', /does not fit/, /quotes of its own/],
  ['request.path.matches("\\d+")', /escape \\d/, /twice/],
  ['"abc', /quote .*never closed/, /close/],
  ['f(1, ', /ends where a value/, /complete/],
  ['(1 + 2', /before a \)/, /add the \)/],
  ['a[1', /before a \]/, /add the \]/],
  ['Bearer abc', /does not fit/, /quotes of its own/],
  ['x(1,)', /the \) .*does not fit/, /look for/],
  ['1 + ()', /the \) /, /look for/],
  ['has(a["b"])', /does not end in a field/, /in a/],
  ['[1].map(1, 2)', /no plain name/, /map\(x/],
  ['a.?b', /optional syntax/, /default/],
  ['@foo', /does not know/, /quotes/],
  ['99999999999999999999', /too large/, /64 bits/],
  [`${'('.repeat(48)}1${')'.repeat(48)}`, /48 levels/, /fewer/],
]

test.each(BROKEN)('does not compile: %s', (source, message, hint) => {
  let problem: unknown
  try {
    parseCel(source)
  } catch (error) {
    problem = error
  }
  expect(problem).toBeInstanceOf(CelProblem)
  expect((problem as CelProblem).message).toMatch(message)
  expect((problem as CelProblem).hint).toMatch(hint)
})

test('any text is read or refused, and nothing else happens', () => {
  const piece = fc.constantFrom(
    'a',
    '.',
    '(',
    ')',
    '[',
    ']',
    '{',
    '}',
    '"',
    "'",
    '\\',
    '1',
    '?',
    ':',
    '&&',
    'r',
    ' ',
    '\n',
    '-',
    '!',
  )
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.array(piece, { maxLength: 40 }).map(parts => parts.join('')),
      ),
      source => {
        try {
          strangeNames(source, parseCel(source), [])
        } catch (error) {
          expect(error).toBeInstanceOf(CelProblem)
        }
      },
    ),
    { numRuns: 2000 },
  )
})

const STRANGE: readonly (readonly [source: string, names: readonly string[]])[] = [
  ['request.path.startWith("/a")', ['function startWith']],
  ['math.lest(1, 2)', ['function lest']],
  ['Foo{a: request.pth} == 1', ['type Foo', 'field pth']],
  ['a.b.Foo{}', ['type a.b.Foo']],
  ['request.path.with(1, true)', ['binder with']],
  ['request.headers.mapValues(request.path, 1)', ['binder mapValues']],
  ['request.path.with(p)', ['binder with']],
  ['request.path.with(p, p == "/")', []],
  ['lowerCase(request.path)', ['function lowerCase']],
  ['requst.path', ['name requst']],
  ['request.header["a"]', ['field header']],
  ['response.status', ['field status']],
  ['hello', ['name hello']],
  ['[1].exists(x, x == y)', ['name y']],
  ['unredacted(apiKey.key)', ['function unredacted']],
  ['apiKey.key.unredacted()', []],
  ['jwt.anything.at.all', []],
  // Of CEL, and not of agentgateway.
  ['dyn(1) == 1 || bool("true")', ['function dyn', 'function bool']],
  ['request.body.json().model == ""', ['asFunction json']],
  ['jwt.sub.base64Decode() == b""', ['asFunction base64Decode']],
  ['trim(request.path) == "/"', ['asMethod trim']],
  ['startsWith(request.path, "/a")', ['sameTwice startsWith']],
  ['contains(jwt.groups, "a") && matches(request.path, "^/a")', ['sameTwice contains', 'sameTwice matches']],
  ['cidr("10.0.0.0/8").ip() == ip("10.0.0.0") && size(jwt.sub) == jwt.sub.size()', []],
  ['request.headers.map(request, request.anything)', []],
]

test.each(STRANGE)('names in %s', (source, names) => {
  expect(strangeNames(source, parseCel(source), []).map(one => `${one.kind} ${one.name}`)).toEqual(names)
})

test('a function that works on what stands in front of it is told from one that works on its arguments', () => {
  const rule = (source: string) => {
    const [finding] = diagnosticsIn(`gateways: {default: {port: 8080}}
routes:
- backends: [{host: "localhost:9000"}]
  policies:
    authorization: {rules: [{allow: '${source}'}]}
`)
    return `${finding?.message} | ${finding?.hint}`
  }
  expect(rule('json(request.body).a == request.body.json().a')).toBe(
    'agentgateway has json(x) and no x.json(), so the expression fails whenever it is evaluated | write json(x), with the other arguments behind',
  )
  expect(rule('stripPrefix(request.path, "/a") == ""')).toBe(
    'agentgateway has x.stripPrefix() and no stripPrefix(x), so the expression fails whenever it is evaluated | write x.stripPrefix(), with the other arguments behind',
  )
  expect(rule('startsWith(request.path, "/a")')).toBe(
    'in startsWith(a, b) agentgateway compares a with itself, and looks at no b | write a.startsWith(b)',
  )
})

test('functions that the config defines are known, in all its expressions', () => {
  const config = `config:
  customFunctions: |
    hi(name) { "hi " + name }
    this.twice() { this + this }
frontendPolicies:
  accessLog:
    add: {a: 'hi(request.path).twice()', b: 'ho(1)'}
`
  expect(findingsIn(config)).toEqual(['UNKNOWN_FUNCTION 7'])
})

test('durations stand where expressions may stand', () => {
  const config = (duration: string): string => `gateways: {default: {port: 8080}}
routes:
- backends: [{host: "localhost:9000"}]
  policies:
    delay: {duration: '${duration}'}
`
  expect(findingsIn(config('1h30m'))).toEqual([])
  expect(findingsIn(config('random() < 0.5 ? 100 : 0'))).toEqual([])
  expect(findingsIn(config('2 s'))).toEqual(['BAD_EXPRESSION 5'])
})

test('what agentgateway knows of models where an expression stands is told from what it does not', () => {
  const first = (
    policies: string,
    models = 'models: [{name: a, provider: openAI, params: {apiKey: {file: key}}}]',
  ) => {
    const findings = diagnosticsIn(`llm:\n  ${policies}\n  ${models}\n`)
    const finding = findings.find(({ code }) => code === 'UNKNOWN_NAME')
    return finding && `${finding.code} ${finding.message} | ${finding.hint}`
  }
  const rule = (source: string) => first(`policies: {authorization: {rules: ['${source}']}}`)
  expect(rule('llmRequest.model == "a"')).toBe(
    'UNKNOWN_NAME llmRequest is null here in agentgateway: it is there where the body of a model is transformed, and in "when" of a virtual model | read json(request.body) instead',
  )
  expect(rule('default(llm.requestModel, "a") == "a"')).toBe(
    'UNKNOWN_NAME llm is null here in agentgateway: it is there once a model has answered | read json(request.body) instead',
  )
  expect(rule('json(request.body).model == "llm.x" && request.headers["llmRequest"] == ""')).toBeUndefined()
  expect(rule('llmRequest == null || llm == null')).toBeUndefined()
  const model = '{name: a, provider: openAI, params: {apiKey: {file: key}}'
  expect(first('policies: {}', `models: [${model}, transformation: {user: llmRequest.x}}]`)).toBeUndefined()
  const virtual =
    'virtualModels: [{name: v, routing: {conditional: {targets: [{when: "llmRequest.n == 1", model: a}, {model: a}]}}}]'
  expect(first(virtual)).toBeUndefined()
})

test('a deny rule that fails is told to let everything pass', () => {
  const [finding] = diagnosticsIn(`gateways: {default: {port: 8080}}
routes:
- backends: [{host: "localhost:9000"}]
  policies:
    authorization: {rules: [{deny: 'requst.path == "/x"'}]}
`)
  expect(finding?.message).toMatch(/denies nothing/)
  expect(finding?.hint).toBe('did you mean "request"?')
})

/** Every place of the schema where an expression stands: the key above, and the key with a star for each level below. */
function placesOfExpressions(): Set<string> {
  const found = new Set<string>()
  const seen = new Map<unknown, Set<string>>()
  const visit = (schema: unknown, above: string, key: string, stars: string): void => {
    const { _zod } = schema as z.core.$ZodType
    const { def } = _zod as unknown as { def: Record<string, unknown> }
    // A description makes a copy, with the checks of the original.
    if (def['checks'] !== undefined && def['checks'] === cel._zod.def.checks) {
      found.add(`${above} ${key}${stars}`)
      return
    }
    const place = `${above} ${key} ${stars}`
    const known = seen.get(schema) ?? new Set()
    if (known.has(place)) return
    seen.set(schema, known.add(place))
    if (def['type'] === 'object') {
      for (const [name, field] of Object.entries(def['shape'] as object)) visit(field, key, name, '')
    } else if (def['type'] === 'array') visit(def['element'], above, key, `${stars}[]`)
    else if (def['type'] === 'record') visit(def['valueType'], above, key, `${stars}*`)
    else if (def['type'] === 'union')
      for (const option of def['options'] as unknown[]) visit(option, above, key, stars)
    else if (def['type'] === 'lazy') visit((def['getter'] as () => unknown)(), above, key, stars)
    else if (def['innerType'] !== undefined) visit(def['innerType'], above, key, stars)
  }
  visit(configSchema, '', '', '')
  return found
}

describe('the table of places', () => {
  const places = [...placesOfExpressions()].map(place => {
    const [above = '', key = ''] = place.split(' ')
    return { above, key: key.replaceAll('[]', '*') }
  })

  test('has every expression of the schema', () => {
    const missing = places.filter(({ above, key }) =>
      key === 'rules*' ? !RULE_LISTS.has(above) : EXPRESSIONS[above]?.includes(key) !== true,
    )
    expect(missing).toEqual([])
    expect(places.length).toBeGreaterThan(60)
  })

  test('has no place that the schema does not have, but for those of plain text', () => {
    // What is text or a number in the schema is compiled all the same.
    const text = [
      'fields add*',
      'health unhealthyExpression',
      'logging filter',
      'tracing randomSampling',
      'tracing clientSampling',
      'tracing headers*',
    ]
    const known = new Set([...places.map(({ above, key }) => `${above} ${key}`), ...text])
    const listed = Object.entries(EXPRESSIONS).flatMap(([above, keys]) => keys.map(key => `${above} ${key}`))
    expect(listed.filter(place => !known.has(place))).toEqual([])
  })
})
