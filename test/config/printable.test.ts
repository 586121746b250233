import { expect, it } from 'vitest'
import { codeFrame } from '../../src/config/frame.ts'
import { LineIndex } from '../../src/config/position.ts'
import { printable } from '../../src/config/printable.ts'

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
