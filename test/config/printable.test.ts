import { expect, it } from 'vitest'
import { codeFrame } from '../../src/config/frame.ts'
import { LineIndex } from '../../src/config/position.ts'
import { printable, printableJson, printableLines } from '../../src/config/printable.ts'

it.each([
  ['an escape', 'a\x1b[31mb', 'a\u241b[31mb'],
  ['line ends', 'a\r::error::x\nb', 'a\u240d::error::x\u240ab'],
  ['a deletion and a control character of eight bits', '\x7f\x9b', '\u2421\ufffd'],
  ['what turns the direction', 'a\u202eb\u2066', 'a\ufffdb\ufffd'],
  ['a tab and letters of all kinds, as they are', '\té😀日本', '\té😀日本'],
])('%s', (_, text, shown) => {
  expect(printable(text)).toBe(shown)
})

it('no line of a file that is shown does anything to the terminal, nor starts another line', () => {
  const text = 'a: "\x1b[2J\r::stop-commands::x"\n'
  const lines = new LineIndex(text)
  const frame = codeFrame(lines, lines.range(3, text.length - 1))
  expect(frame.map(one => one.text)).toEqual(['a: "\u241b[2J\u240d::stop-commands::x"'])
})

it('whole lines keep their ends and our colours, and nothing else that a terminal would act on', () => {
  expect(printableLines('\x1b[31mred\x1b[39m\n\x1b[2Jb\r\u202ec\x9b')).toBe(
    '\x1b[31mred\x1b[39m\n\u241b[2Jb\u240d\ufffdc\ufffd',
  )
})

it('a JSON document says the same without a character that a terminal would act on', () => {
  const document = { 'a\u009b\u202e': ['\x1b\r\n\x7f\u2028'] }
  const text = printableJson(JSON.stringify(document, null, 2))
  expect(printableLines(text)).toBe(text)
  expect(JSON.parse(text)).toEqual(document)
})
