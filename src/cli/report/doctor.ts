import type { Finding } from '../../doctor/finding.ts'
import type { Style, Terminal } from '../terminal.ts'
import { counted } from './counted.ts'

const LOOK: Readonly<Record<Finding['state'], readonly [mark: string, style: Style]>> = {
  ok: ['✓', 'green'],
  note: ['·', 'blue'],
  warning: ['!', 'yellow'],
  error: ['✗', 'red'],
}

/** What was looked at, one line each, and what to do below it. */
export function doctorText(found: readonly Finding[], terminal: Terminal): string {
  const width = Math.max(...found.map(one => one.about.length))
  const lines = found.flatMap(({ about, state, detail, hint }) => {
    const [mark, style] = LOOK[state]
    const [first = '', ...more] = terminal.lines(detail, terminal.columns - width - 4)
    const below = ' '.repeat(width + 4)
    const head = [
      `${terminal.style(style, mark)} ${about.padEnd(width)}  ${first}`,
      ...more.map(line => below + line),
    ]
    if (hint === '' || detail.includes(hint)) return head
    const [todo = '', ...rest] = terminal.lines(hint, terminal.columns - width - 6)
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
