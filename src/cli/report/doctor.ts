import type { Finding } from '../../doctor/finding.ts'
import type { Style, Terminal } from '../terminal.ts'

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
    const head = `${terminal.style(style, mark)} ${about.padEnd(width)}  ${detail}`
    const isTold = hint !== '' && !detail.includes(hint)
    return isTold ? [head, `  ${' '.repeat(width)}  ${terminal.style('cyan', '→')} ${hint}`] : [head]
  })
  const count = (state: Finding['state']): number => found.filter(one => one.state === state).length
  const [errors, warnings] = [count('error'), count('warning')]
  const summary =
    errors + warnings === 0
      ? terminal.style('green', 'all is well')
      : `${errors} ${errors === 1 ? 'error' : 'errors'}, ${warnings} ${warnings === 1 ? 'warning' : 'warnings'}`
  return [...lines, '', summary].join('\n')
}
