import { expect, it } from 'vitest'
import { METHODS, QUALIFIED } from '../../../src/config/rules/cel-names.ts'
import { FUNCTIONS, patternFunctions } from '../../../src/gateway/cel/functions.ts'
import { unrunFunctions } from '../../../src/gateway/cel/unrun.ts'

it.each<[string, string[]]>([
  ['jwt.sub == "a"', []],
  ['default(jwt.sub, "a").startsWith("b")', []],
  ['base64.encode("a") == sha256.encode("b")', []],
  ['flatten(jwt)', []],
  ['jwt.list.map(x, optional.of(x))', []],
  ['math.bitAnd(1, 2) == 1 || request.headers.raw() == {}', []],
  ['precompiled_matches("a", 1)', ['precompiled_matches']],
  ['neverHeardOf(1)', []],
  ['does not compile', []],
])('%s is not run for %j', (source, wanted) => {
  expect(unrunFunctions(source)).toEqual(wanted)
})

/** What CEL has by itself, and macros. */
const BUILT_IN =
  'contains size startsWith endsWith string bytes double int uint type dyn bool matches duration timestamp variables ' +
  'getFullYear hasValue value or orValue optional_of optional_none optional_ofNonZeroValue default coalesce with mapValues ' +
  'getMonth getDayOfYear getDayOfMonth getDate getDayOfWeek getHours getMinutes getSeconds getMilliseconds indexOf filterKeys ' +
  'lastIndexOf join lowerAscii upperAscii trim split substring has all exists exists_one existsOne map filter'

const runs = new Set([
  ...BUILT_IN.split(' '),
  ...[...FUNCTIONS, ...patternFunctions()].map(
    ([signature]) => /(?<!rust_)\b(?:rust_)?(\w+)\(/.exec(signature)?.[1] ?? '',
  ),
])

it.each([
  ...METHODS.map(name => [name, name]),
  ...Object.entries(QUALIFIED).flatMap(([space, names]) =>
    names.map(name => [`${space}.${name}`, `${space}_${name}`]),
  ),
])('%s either runs or is told of', (called, name = '') => {
  expect(unrunFunctions(`${called}(jwt)`)).toEqual(runs.has(name) ? [] : [called])
})
