import { describe, expect, it } from 'vitest'
import { CONTEXT_NAMES } from '../../../src/config/rules/cel-names.ts'
import { Cel, type CelContext } from '../../../src/gateway/cel/cel.ts'
import { FUNCTIONS, RUN_FUNCTIONS } from '../../../src/gateway/cel/functions.ts'
import { CelHeaders, celValue, jsonValue, Redacted, textOf } from '../../../src/gateway/cel/values.ts'

const CONTEXT: CelContext = {
  request: {
    method: 'POST',
    path: '/v1/messages',
    headers: new CelHeaders([
      ['x-team', 'blue'],
      ['cookie', 'a=1; b=2'],
    ]),
    body: Buffer.from('{"n":3}'),
  },
  source: { address: '10.1.2.3', port: 4000n },
  jwt: celValue({ sub: 'alice', groups: ['a', 'b'], age: 30, nested: { deep: true } }),
  apiKey: { key: new Redacted('agw_sk_secret'), user: 'bob' },
  basicAuth: null,
  llmRequest: celValue({ model: 'anthropic/claude', max_tokens: 10, temperature: 0.5, messages: [] }),
}

function value(source: string): unknown {
  return jsonValue(new Cel().compile(source, ['x']).evaluate(CONTEXT))
}

describe('an expression yields', () => {
  it.each<[string, unknown]>([
    ['request.method', 'POST'],
    ['request.headers["x-team"]', 'blue'],
    ['request.headers["X-Team"]', 'blue'],
    ['"x-team" in request.headers', true],
    ['"X-TEAM" in request.headers', true],
    ['"x-other" in request.headers', false],
    ['request.headers.cookie("b")', '2'],
    ['jwt.sub == "alice" && "b" in jwt.groups', true],
    ['jwt.age >= 18', true],
    ['jwt.age + 1', 31],
    ['jwt.nested.deep', true],
    ['has(jwt.sub)', true],
    ['has(jwt.missing)', false],
    ['has(basicAuth.username)', false],
    ['basicAuth == null', true],
    ['apiKey.user', 'bob'],
    ['apiKey.key', '<redacted>'],
    ['apiKey.key.unredacted()', 'agw_sk_secret'],
    ['string(apiKey.key)', '<redacted>'],
    ['toJson({"k": apiKey.key})', '{"k":"<redacted>"}'],
    ['llmRequest.model.stripPrefix("anthropic/")', 'claude'],
    ['"a.txt".stripSuffix(".txt")', 'a'],
    ['llmRequest.max_tokens == 10', true],
    ['llmRequest.temperature < 1.0', true],
    ['default(jwt.missing, "none")', 'none'],
    ['default(basicAuth.username, "none")', 'none'],
    ['default(nothing.at.all, "none")', 'none'],
    ['default(jwt.sub, "none")', 'alice'],
    ['coalesce(jwt.a, jwt.b, jwt.sub)', 'alice'],
    ['json(request.body).n', 3],
    ['json("[1, 2]")[1]', 2],
    ['toJson({"a": [1, 2.5, true, null]})', '{"a":[1,2.5,true,null]}'],
    ['"abc".matches("^a.c$")', true],
    ['"ABC".matches("(?i)abc")', true],
    ['matches("xabcx", "abc")', true],
    ['"aXbX".regexReplace("X", "-")', 'a-bX'],
    ['"k=v".regexReplace("(?P<key>\\\\w)=(?P<val>\\\\w)", "${val}=${key}")', 'v=k'],
    ['"aXbX".replace("X", "$&")', 'a$&b$&'],
    ['"aXbX".replace("X", "-", 1)', 'a-bX'],
    ['"abc".charAt(1)', 'b'],
    ['"a,b".split(",")', ['a', 'b']],
    ['["a", "b"].join("-")', 'a-b'],
    ['"AbC".lowerAscii()', 'abc'],
    ['"hello".substring(1, 3)', 'el'],
    ['[1, 2].contains(2)', true],
    ['max(1, 3, 2)', 3],
    ['min([4, 2])', 2],
    ['math.greatest(1, 5)', 5],
    ['math.floor(2.7)', 2],
    ['base64.encode("hi")', 'aGk='],
    ['string(base64.decode("aGk="))', 'hi'],
    ['"hi".base64Encode()', 'aGk='],
    ['sha256.encode("a")', 'ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb'],
    ['url.encode("a b&c")', 'a%20b%26c'],
    ['form.decode("a=1&b=2").b', '2'],
    ['{"a": 1}.merge({"b": 2})', { a: 1, b: 2 }],
    ['{"a": 1, "b": 2}.mapValues(v, v * 10)', { a: 10, b: 20 }],
    ['{"a": 1, "b": 2}.filterKeys(k, k == "a")', { a: 1 }],
    ['jwt.sub.with(s, s + s)', 'alicealice'],
    ['[1, 2, 3].filter(n, n > 1).map(n, n * 2)', [4, 6]],
    ['[1, 2].existsOne(n, n == 1)', true],
    ['cidr("10.0.0.0/8").containsIP(source.address)', true],
    ['cidr("192.168.0.0/16").containsIP(source.address)', false],
    ['isIP("::1")', true],
    ['jwt.sub == 5', false],
    ['duration("1h") > duration("59m")', true],
    ['timestamp("2024-01-01T00:00:00Z").getFullYear()', 2024],
  ])('%s → %j', (source, wanted) => {
    expect(value(source)).toEqual(wanted)
  })
})

describe('an expression that fails is neither true nor false', () => {
  it.each([
    'jwt.missing == "x"',
    'nothing == 1',
    'basicAuth.username == "x"',
    'request.headers["x-missing"] == "1"',
    'unknownFunction(1)',
    '1 + "a" == 2',
    '"text"',
    '1',
    'fail("stop")',
    'default(json("{"), "x") == "x"',
    'base64.decode("%%") == b"x"',
    'jwt.groups[7] == "x"',
    'cidr("nonsense").containsIP(source.address)',
  ])('%s', source => {
    expect(new Cel().compile(source, ['x']).test(CONTEXT)).toBeUndefined()
  })
})

describe('what does not compile is refused with its place, without its text', () => {
  it.each(['jwt.sub =', '"open', 'a b', 'has(x)', 'jwt.?sub'])('%s', source => {
    const compile = () => new Cel().compile(source, ['llm', 'rules', 3])
    expect(compile).toThrow(/^llm\.rules\[3\]: /)
    expect(compile).not.toThrow(/jwt\.sub|"open/)
  })
})

it('an expression says whether it needs a body', () => {
  const compile = (source: string) => new Cel().compile(source, [])
  expect(compile('json(request.body).model == "x"').usesBody).toBe(true)
  expect(compile('request . bodyPrefix == b"x"').usesBody).toBe(true)
  expect(compile('request.path == "/body"').usesBody).toBe(false)
  expect(compile('string(response.body)').usesAnswerBody).toBe(true)
  expect(compile('request.body == b"x"').usesAnswerBody).toBe(false)
})

it('a name that no map has by itself is not found through its prototype', () => {
  for (const name of ['constructor', '__proto__', 'toString'])
    expect(new Cel().compile(`has(jwt.${name})`, []).test(CONTEXT)).toBe(false)
})

it('every signature has a name that runs', () => {
  expect(RUN_FUNCTIONS.has('')).toBe(false)
  expect(FUNCTIONS.length).toBeGreaterThan(40)
  expect(CONTEXT_NAMES).toContain('apiKey')
})

it('only what has a text goes into a header', () => {
  expect(textOf(5n)).toBe('5')
  expect(textOf(true)).toBe('true')
  expect(textOf(Buffer.from('ab'))).toBe('ab')
  expect(textOf(new Redacted('x'))).toBeUndefined()
  expect(textOf({})).toBeUndefined()
  expect(textOf(null)).toBeUndefined()
})
