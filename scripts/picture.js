// Draws docs/demo.svg from what `agw demo` really prints: `npm run picture`.
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const env = { ...process.env, FORCE_COLOR: '1', NO_COLOR: '' }
const text = execFileSync(process.execPath, [join(root, 'bin/run.js'), 'demo'], { env, encoding: 'utf8' })

const COLOURS = { 31: '#f47067', 32: '#6bc46d', 33: '#daaa3f', 34: '#6cb6ff', 35: '#dcbdfb', 36: '#56d4dd' }
const [WIDTH, LINE, SIZE, LEFT, TOP] = [8.4, 20, 14, 20, 34]
const entities = part => part.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;')

/** One line with its colour codes → one <text> of <tspan>s. */
function draw(line, row) {
  let style = {}
  let column = 0
  const spans = []
  for (const part of line.split(/(\u001b\[[\d;]*m)/)) {
    const code = /\[([\d;]*)m/.exec(part)?.[1]
    if (code === undefined || !part.startsWith('\u001b')) {
      if (part !== '') {
        const look = `${style.fill ? ` fill="${style.fill}"` : ''}${style.bold ? ' font-weight="bold"' : ''}${style.dim ? ' fill-opacity="0.6"' : ''}`
        spans.push(`<tspan x="${LEFT + column * WIDTH}"${look}>${entities(part)}</tspan>`)
      }
      column += part.length
      continue
    }
    for (const number of code.split(';')) {
      if (number === '0' || number === '') style = {}
      else if (number === '1') style = { ...style, bold: true }
      else if (number === '2') style = { ...style, dim: true }
      else if (number === '22') style = { ...style, bold: false, dim: false }
      else if (number === '39') style = { ...style, fill: undefined }
      else style = { ...style, fill: COLOURS[number] }
    }
  }
  return `<text y="${TOP + row * LINE}">${spans.join('')}</text>`
}

const lines = ['\u001b[2m$ agw demo\u001b[22m', '', ...text.trimEnd().split('\n')]
const longest = Math.max(...lines.map(line => line.replace(/\u001b\[[\d;]*m/g, '').length))
const [width, height] = [LEFT * 2 + longest * WIDTH, TOP + lines.length * LINE]
writeFileSync(
  join(root, 'docs/demo.svg'),
  `<svg xmlns="http://www.w3.org/2000/svg" width="${Math.ceil(width)}" height="${height}" role="img" aria-label="What agw demo prints">
<rect width="100%" height="100%" rx="8" fill="#1c2128"/>
<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, monospace" font-size="${SIZE}" fill="#cdd9e5" xml:space="preserve">
${lines.map(draw).join('\n')}
</g>
</svg>
`,
)
