import type { Finding } from '../../doctor/finding.ts'
import type { Style, Terminal } from '../terminal.ts'
import { counted } from './counted.ts'

const LOOK: Readonly<Record<Finding['state'], readonly [mark: string, style: Style]>> = {
  ok: ['✓', 'green'],
  note: ['·', 'blue'],
  warning: ['!', 'yellow'],
  error: ['✗', 'red'],
}

/** Where less than so many characters are left for it, what was found stands below what it is about. */
const LEAST = 32
/** How far in it stands then. */
const INDENT = 4

/** What was looked at, one line each, and what to do below it. */
export function doctorText(found: readonly Finding[], terminal: Terminal): string {
  const width = Math.max(...found.map(one => one.about.length))
  const isNarrow = terminal.columns - width - 4 < LEAST
  const margin = isNarrow ? INDENT : width + 4
  const below = ' '.repeat(margin)
  const lines = found.flatMap(({ about, state, detail, hint }) => {
    const [mark, style] = LOOK[state]
    const [first = '', ...more] = terminal.lines(detail, terminal.columns - margin)
    const name = `${terminal.style(style, mark)} ${isNarrow ? about : about.padEnd(width)}`
    const head = [
      ...(isNarrow ? [name, below + first] : [`${name}  ${first}`]),
      ...more.map(line => below + line),
    ]
    if (hint === '' || detail.includes(hint)) return head
    const [todo = '', ...rest] = terminal.lines(hint, terminal.columns - margin - 2)
    return [
      ...head,
      `${below}${terminal.style('cyan', '→')} ${todo}`,
      ...rest.map(line => `${below}  ${line}`),
    ]
  })
  const count = (state: Finding['state']): number => found.filter(one => one.state === state).length
  const [errors, warnings] = [count('error'), count('warning')]
  const summary =
    errors + warnings === 0
      ? terminal.style('green', 'all is well')
      : `${counted(errors, 'error')}, ${counted(warnings, 'warning')}`
  return [...lines, '', summary].join('\n')
}
