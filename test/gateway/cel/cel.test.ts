import { describe, expect, it } from 'vitest'
import { CONTEXT_NAMES } from '../../../src/config/rules/cel-names.ts'
import { Cel, type CelContext } from '../../../src/gateway/cel/cel.ts'
import { FUNCTIONS } from '../../../src/gateway/cel/functions.ts'
import { CelHeaders } from '../../../src/gateway/cel/headers.ts'
import { celValue, jsonValue, Redacted, textOf } from '../../../src/gateway/cel/values.ts'

const CONTEXT: CelContext = {
  request: {
    method: 'POST',
    path: '/v1/messages',
    headers: CelHeaders.of(
      [
        'X-Team',
        'blue',
        'cookie',
        'a=1; b=2',
        'x-many',
        'a,b',
        'x-many',
        'c',
        'authorization',
        'Bearer s3cret',
      ],
      new Set(['authorization']),
    ),
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

it('an expression that fails makes no stack trace, which would be most of what it costs', () => {
  const limit = Error.stackTraceLimit
  const expression = new Cel().compile('jwt.nothing', ['x'])
  let trace: string | undefined
  try {
    expression.evaluate(CONTEXT)
  } catch (error) {
    trace = (error as Error).stack
  }
  expect(trace).toBeDefined()
  expect(trace).not.toMatch(/^\s+at /m)
  expect(expression.test(CONTEXT)).toBeUndefined()
  expect(Error.stackTraceLimit).toBe(limit)
})

describe('an expression yields', () => {
  it.each<[string, unknown]>([
    ['request.method', 'POST'],
    ['request.headers["x-team"]', 'blue'],
    ['request.headers["X-Team"]', 'blue'],
    ['"x-team" in request.headers', true],
    ['"X-TEAM" in request.headers', true],
    ['"x-other" in request.headers', false],
    ['request.headers.cookie("b")', '2'],
    ['request.headers["x-many"]', ['a,b', 'c']],
    ['request.headers.join()["x-many"]', 'a,b,c'],
    ['request.headers.raw()["X-Many"]', ['a,b', 'c']],
    ['request.headers.raw()["x-team"]', ['blue']],
    ['request.headers.split()["x-many"]', ['a', 'b', 'c']],
    ['request.headers.split()["x-team"]', ['blue']],
    ['request.headers.raw().join()["x-many"]', 'a,b,c'],
    ['request.headers.redacted().authorization', '<redacted>'],
    ['request.headers.redacted().raw()["authorization"]', ['<redacted>']],
    ['request.headers.raw().redacted()["x-team"]', ['blue']],
    ['size(request.headers.redacted())', 4],
    ['["a", "b"].join("-") + "c,d".split(",")[1]', 'a-bd'],
    ['jwt.sub == "alice" && "b" in jwt.groups', true],
    ['jwt.age >= 18', true],
    ['jwt.age + 1', 31],
    ['jwt.nested.deep', true],
    ['jwt.`nested`.deep && request.headers.`x-team` == "blue"', true],
    ['.jwt.sub + [.request.method][0]', 'alicePOST'],
    ['.5 + 1.0', 1.5],
    ['[-.5, 1.0 - .25]', [-0.5, 0.75]],
    [String.raw`br"a\d" == b"a\\d" && bR'''"'x''' == b'"\'x'`, true],
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
    ['default(request.headers.cookie("none"), "no cookie")', 'no cookie'],
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
    ['base64Encode("hi") + string(base64Decode("aGk="))', 'aGk=hi'],
    ['string(base64.decode(b"aGk"))', 'hi'],
    ['sha256.encode("a")', 'ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb'],
    ['url.encode("a b&c")', 'a%20b%26c'],
    ['form.decode("a=1&b=2").b', '2'],
    ['form.decode(b"a=%C3%A9+x").a', 'é x'],
    ['"/p?a=1&b=2&a=%C3%A9+x".query("a")', ['1', 'é x']],
    ['default("/p?a=1".query("b"), ["none"])', ['none']],
    ['"/p?a=1&b=2".addQuery("a", "x y&")', '/p?a=1&b=2&a=x+y%26'],
    ['"/p?a=1&b=2&a=3".setQuery("a", "4")', '/p?b=2&a=4'],
    ['"http://a.test/p".setQuery("a", "4")', 'http://a.test/p?a=4'],
    // What JavaScript has on every object is on no map, and a map that is written down cannot put it there.
    ['{"__proto__": 1}.size() + {"constructor": 1}.size() + {"prototype": 1}.size()', 0],
    ['"constructor" in {"a": 1} || "toString" in {"a": 1} || "__proto__" in {"a": 1}', false],
    [
      'default(json("{\\"__proto__\\": {\\"admin\\": true}}").admin, false) || default({"__proto__": {"admin": true}}.admin, false)',
      false,
    ],
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

describe('operators look at values when they are there', () => {
  it.each<[string, unknown]>([
    // A text in a text: the scopes of a token, say.
    ['"admin" in "read admin"', true],
    ['jwt.sub in "alice bob"', true],
    ['1 == 1.0 && 1u == 1 && 1.0 == 1u', true],
    ['1 != "1" && b"a" != "a" && null != false', true],
    ['jwt.age == 30.0', true],
    ['[1, "a", {"b": 2.0}] == [1.0, "a", {"b": 2}]', true],
    ['{"a": 1} == {"a": 1, "b": 2}', false],
    ['1 in [1.0] && 1u in [1] && !("a" in [1])', true],
    ['[[1]].contains([1.0])', true],
    ['{"a": 1}.contains("a")', true],
    ['9007199254740993 == 9007199254740992.0', false],
    ['double("NaN") == double("NaN")', false],
    ['1 < 1.5 && 1u < 2 && -1 < 0u', true],
    ['"\uFF5E" < "😀"', true],
    ['"a" < "ab"', true],
    ['duration("1ns") < duration("1us")', true],
    ['"x" || true', true],
    ['false && "x"', false],
    ['jwt.missing == 1 || true', true],
    ['jwt.missing == 1 && false', false],
    ['true ? 1 : "a"', 1],
    // What is asked for a field may be anything that an expression yields.
    ['has(json(request.body).n) && has(json("{\\"a\\": {\\"b\\": null}}").a.b)', true],
    ['has(json(request.body).m) || has([{"a": 1}][0].b) || has("a".b) || has(request.path.x)', false],
    [
      'has({"a": 1}.merge({"b": 2}).b) && has(request.headers.raw().Cookie) && ![jwt].exists(j, has(j.none))',
      true,
    ],
    ['default(1 == 1.0, false)', true],
    ['[1, 2].exists(x, x == 2.0) && jwt.groups.all(g, g != 1)', true],
    ['jwt.sub.with(s, s == "alice")', true],
    ['cidr("10.0.0.0/8") == cidr("10.0.0.0/8") && ip("::1") == ip("0:0::1")', true],
  ])('%s → %j', (source, wanted) => {
    expect(value(source)).toEqual(wanted)
  })
})

describe('texts and numbers are those of Rust', () => {
  it.each<[string, unknown]>([
    ['size("😀é") == 6 && "abc".size() == 3 && size([1]) == 1 && size({"a": 1}) == 1', true],
    ['"😀é".substring(1)', 'é'],
    ['"😀éa".substring(0, 2)', '😀é'],
    ['"😀é".indexOf("é")', 1],
    ['"abcabc".indexOf("b", 2)', 4],
    ['"abc".indexOf("c", 9)', -1],
    ['"éaéa".lastIndexOf("é")', 2],
    ['"abab".lastIndexOf("ab", 1)', 0],
    ['"ab".split("")', ['', 'a', 'b', '']],
    ['"a,b,c".split(",", 2)', ['a', 'b,c']],
    ['int("+5") + int(1.9) + int(7u)', 13],
    ['double("1e3")', 1000],
    ['string(1e21)', '1000000000000000000000'],
    ['string(1.5e-7)', '0.00000015'],
    ['string(duration("90s")) + string(timestamp("2024-01-01T00:00:00.120Z"))', '90s2024-01-01T00:00:00.12Z'],
    ['5.string() + string(1u) + string(true) + string(b"a")', '51truea'],
    ['math.abs(-3) + math.sign(-5)', 2],
    ['math.isInf(1.0 / 0.0)', true],
    ['[math.bitAnd(6, 3), math.bitOr(4, 1), math.bitXor(5, 1), math.bitNot(0)]', [2, 5, 4, -1]],
    ['math.bitNot(0u) == 18446744073709551615u', true],
    ['math.bitShiftLeft(1, 63) < 0 && math.bitShiftLeft(1, 64) == 0', true],
    ['math.bitShiftRight(-1, 60)', 15],
    ['math.bitXor(b"\\x01", b"\\x03\\x03") == b"\\x03\\x02"', true],
    ['max(1, 2.5)', 2.5],
    ['max([])', null],
    ['max() == null && min() == null && max(1, 2, 3, 4, 5, 6, 7) == 7', true],
    ['"TÆÉ\u212a".lowerAscii() + "tæé".upperAscii()', 'tÆÉ\u212aTæé'],
    ['duration(duration("13s")) == duration("13s")', true],
    ['string(timestamp("2023-05-28T00:00:00.0123456789Z"))', '2023-05-28T00:00:00.012Z'],
    [
      '[math.bitAnd(4, b"\\x05"), math.bitOr(b"\\x01\\x00\\x05", 2), math.bitXor(b"\\x05", 4)]',
      [4, 65543, 1],
    ],
    ['math.bitAnd(4u, b"\\x05") == 4u && math.bitAnd(b"\\x05", 0x2u) == 0u', true],
    ['max("b", "a")', 'b'],
  ])('%s → %j', (source, wanted) => {
    expect(value(source)).toEqual(wanted)
  })
})

describe("agentgateway's own functions", () => {
  it.each<[string, unknown]>([
    ['coalesce(1 / 0, null, 5)', 5],
    ['coalesce(jwt.a, jwt.b, jwt.c, jwt.d, jwt.e, jwt.f, "none")', 'none'],
    ['coalesce(1 / 0, null)', null],
    ['jsonField("{\\"a\\": 1}", "a")', 1],
    ['default(jsonField("{}", "a"), "none")', 'none'],
    ['unvalidatedJwtPayload("a.eyJzdWIiOiJ4In0.c").sub', 'x'],
    ['form.decode("a=1&a=2&b=3")', { a: ['1', '2'], b: '3' }],
    ['form.encode({"b": ["1", "2"], "a": "x y", "c": null})', 'a=x+y&b=1&b=2'],
    ['url.encode("a!\'()*~/")', 'a%21%27%28%29%2A~%2F'],
    ['url.decode("100%25 100%")', '100% 100%'],
    ['optional.of(1).hasValue() && !optional.none().hasValue()', true],
    ['optional.none().orValue("x")', 'x'],
    ['optional.of(1).or(optional.of(2)).value()', 1],
    ['optional.ofNonZeroValue("").orValue("empty")', 'empty'],
    [
      'string(cidr("10.1.2.3/9").masked()) + string(cidr("2001:db8:8000::5/33").masked())',
      '10.0.0.0/92001:db8:8000::/33',
    ],
    ['cidr("10.0.0.0/8").containsCIDR(cidr("10.1.0.0/16"))', true],
    ['cidr("10.0.0.0/16").containsCIDR(cidr("10.0.0.0/8"))', false],
    ['cidr("10.0.0.0/8").containsIP(ip("10.9.9.9"))', true],
    ['cidr("::/0").containsIP("10.0.0.1")', false],
    ['[cidr("10.0.0.0/8").prefixLength(), cidr("::1/64").ip().family()]', [8, 6]],
    ['ip("127.0.0.1").isLoopback() && ip("::1").isLoopback() && ip("::").isUnspecified()', true],
    ['ip("169.254.1.1").isLinkLocalUnicast() && ip("fe80::1").isLinkLocalUnicast()', true],
    ['ip("224.0.0.1").isLinkLocalMulticast() && ip("ff02::1").isLinkLocalMulticast()', true],
    ['ip("10.0.0.1").isGlobalUnicast() && !ip("fc00::1").isGlobalUnicast()', true],
    ['isIP("fe80::1%eth0")', false],
    ['flatten({"a": 1})', { a: 1 }],
  ])('%s → %j', (source, wanted) => {
    expect(value(source)).toEqual(wanted)
  })
})

describe('an expression that fails is neither true nor false', () => {
  it.each([
    'jwt.missing == "x"',
    'has(jwt.missing.x)',
    'has(nothing.x)',
    'nothing == 1',
    'basicAuth.username == "x"',
    'request.headers["x-missing"] == "1"',
    'unknownFunction(1)',
    '1 + "a" == 2',
    '"text"',
    '1',
    'fail("stop")',
    'default(json("{"), "x") == "x"',
    // Of CEL, and of the library here; agentgateway has none of them.
    'dyn(1) == 1',
    'bool("true")',
    'b"a".hex() == "61"',
    '"hi".base64Encode() == "aGk="',
    'math.bitAnd(-1, b"\\x05") == 5',
    'math.bitAnd(1, 2u) == 0',
    'math.least() == 0',
    'string([1]) == "1"',
    'string({"a": 1}) != ""',
    'base64.decode("%%") == b"x"',
    'jwt.groups[7] == "x"',
    'default(jwt.groups[7], "x") == "x"',
    'int("") == 0',
    'int(" 1") == 1',
    'int(1e19) > 0',
    'uint(-1) > 0u',
    'double("") == 0.0',
    'double("0x10") == 16.0',
    '-(-9223372036854775808) > 0',
    '-9223372036854775808 / -1 > 0',
    '9223372036854775807 + 1 > 0',
    '1 / 0 == 1',
    'math.abs(-9223372036854775808) > 0',
    'math.bitShiftLeft(1, -1) == 0',
    'timestamp("2024-02-30T00:00:00Z") < timestamp("2025-01-01T00:00:00Z")',
    'b"a" < b"b"',
    'null < 1',
    'double("NaN") < 1.0',
    '1 in 2',
    'jwt.sub || false',
    'optional.none().value() == 1',
    '{"a": 1}.filterKeys(k, k).size() == 0',
    'max(1, "a") == 1',
    'cidr("10.0.0.0/33").containsIP("10.0.0.1")',
    'form.encode({"a": 1}) == ""',
    'coalesce(1 / 0) == 1',
    'json(string(request.body) + "}") == 1',
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

it('a list that a config writes down may be as long as a list of users', () => {
  const names = Array.from({ length: 20_000 }, (_, at) => `"user-${at}"`)
  expect(value(`jwt.sub in [${names.join(', ')}, "alice"]`)).toBe(true)
  expect(value(`{${names.map(name => `${name}: true`).join(', ')}}["user-19999"]`)).toBe(true)
})

it('an expression says whether it needs a body', () => {
  const compile = (source: string) => new Cel().compile(source, [])
  expect(compile('json(request.body).model == "x"').usesBody).toBe(true)
  expect(compile('request . bodyPrefix == b"x"').usesBody).toBe(true)
  expect(compile('request.path == "/body"').usesBody).toBe(false)
  for (const source of [
    'string(request.`body`) == "x"',
    '"body" in request',
    'request["body"] == b"x"',
    'variables().size() > 0',
  ])
    expect(compile(source).usesBody, source).toBe(true)
  expect(compile('request.headers["x-request-body"] == "request"').usesBody).toBe(false)
  expect(compile('string(response.body)').usesAnswerBody).toBe(true)
  expect(compile('request.body == b"x"').usesAnswerBody).toBe(false)
})

it('a name that no map has by itself is not found through its prototype', () => {
  for (const name of ['constructor', '__proto__', 'toString'])
    expect(new Cel().compile(`has(jwt.${name})`, []).test(CONTEXT)).toBe(false)
})

it('every signature has a name', () => {
  for (const [signature] of FUNCTIONS) expect(signature).toMatch(/^(?:\w+\.)?\w+\(/)
  expect(FUNCTIONS.length).toBeGreaterThan(40)
  expect(CONTEXT_NAMES).toContain('apiKey')
})

it('only what has a text goes into a header', () => {
  expect(textOf(5n)).toBeUndefined()
  expect(textOf(true)).toBeUndefined()
  expect(textOf(Buffer.from('ab'))).toBe('ab')
  expect(textOf(new Redacted('x'))).toBe('<redacted>')
  expect(textOf({})).toBeUndefined()
  expect(textOf(null)).toBeUndefined()
})
