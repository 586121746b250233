import { expect, it } from 'vitest'
import { unrunFunctions } from '../../../src/gateway/cel/unrun.ts'

it.each<[string, string[]]>([
  ['jwt.sub == "a"', []],
  ['default(jwt.sub, "a").startsWith("b")', []],
  ['base64.encode("a") == sha256.encode("b")', []],
  ['flatten(jwt)', []],
  ['jwt.list.map(x, optional.of(x))', []],
  ['math.bitAnd(1, 2) == 1 || request.headers.raw() == {}', ['raw']],
  ['neverHeardOf(1)', []],
  ['does not compile', []],
])('%s is not run for %j', (source, wanted) => {
  expect(unrunFunctions(source)).toEqual(wanted)
})
