import type { Severity } from '../../config/diagnostic.ts'
import type { Setting } from '../../config/examples/index.ts'
import { CODES, type Code, codesByStage, STAGES } from '../../config/index.ts'
import type { Explanation } from '../../explain.ts'
import type { Terminal } from '../terminal.ts'
import { LOOK } from './text.ts'

/** Longer lines are shortened: some examples are about length. Characters. */
const LINE = 100

/** All codes, stage by stage: each with its title beside it, or below it where some title does not fit. */
export function codesText(terminal: Terminal): string {
  const stages = [...codesByStage()]
  const all = stages.flatMap(([, codes]) => codes)
  const widest = Math.max(...all.map(code => code.length))
  const words = Math.max(...all.map(code => LOOK[CODES[code].severity].word.length))
  const isWide = all.every(code => widest + words + CODES[code].title.length + 6 <= terminal.columns)
  const shown = (code: Code): string => {
    const { severity, title } = CODES[code]
    const word = severityText(severity, terminal)
    if (!isWide) return [`  ${code}  ${word}`, ...terminal.lines(title, terminal.columns - 4)].join('\n    ')
    const gap = ' '.repeat(words - LOOK[severity].word.length)
    return `  ${code.padEnd(widest)}  ${word}${gap}  ${title}`
  }
  const blocks = stages.map(([stage, codes]) =>
    [...terminal.lines(STAGES[stage]).map(line => terminal.style('bold', line)), ...codes.map(shown)].join(
      '\n',
    ),
  )
  return `${blocks.join('\n\n')}\n\n\`agw explain CODE\` says what to do, with an example.`
}

/** As {@link codesText}, for `--json`. */
export function codesJson(): object {
  return {
    codes: [...codesByStage()].flatMap(([stage, codes]) =>
      codes.map(code => ({ code, stage, severity: CODES[code].severity, title: CODES[code].title })),
    ),
  }
}

/** One code: what it is, why it matters, what to do, and an example. */
export function explanationText(explanation: Explanation, terminal: Terminal): string {
  const { code, severity, title, why, finding, bad, good } = explanation
  const prose = (mark: string, text: string, indent: string): string[] =>
    terminal
      .lines(text, terminal.columns - indent.length)
      .map((line, index) => (index === 0 ? mark : indent) + line)
  const name = `${terminal.style('bold', code)} ${severityText(severity, terminal)}`
  const parts = [name, ...prose('', title, ''), '', ...prose('  ', why, '  ')]
  if (bad !== undefined) parts.push('', terminal.style('red', 'Bad'), ...exampleLines(bad))
  if (finding !== undefined) {
    const { line, column } = finding.range.start
    parts.push(
      '',
      ...prose('  ', `${finding.file}:${line}:${column} ${finding.message}`, '  '),
      // Of this example: of another it may be different.
      ...prose(`  ${terminal.style('cyan', '→')} `, finding.hint, '    '),
    )
  }
  if (good !== undefined) parts.push('', terminal.style('green', 'Good'), ...exampleLines(good))
  return parts.join('\n')
}

/** As {@link explanationText}, for `--json`. */
export function explanationJson({ finding, bad, good, ...rest }: Explanation): object {
  const { message = null, hint = null, file = null, range } = finding ?? {}
  const place = { file, line: range?.start.line ?? null, column: range?.start.column ?? null }
  return { ...rest, message, hint, ...place, bad: bad ?? null, good: good ?? null }
}

function severityText(severity: Severity, terminal: Terminal): string {
  return terminal.style(LOOK[severity].style, LOOK[severity].word)
}

function exampleLines(setting: Setting): string[] {
  return [
    ...surroundings(setting).map(line => `  (${line})`),
    ...exampleText(setting).map(line => `  ${line}`),
  ]
}

/** The lines of an example, none of them too long to be read. */
export function exampleText({ text }: Setting): string[] {
  return text
    .trimEnd()
    .split('\n')
    .map(line => (line.length > LINE ? `${line.slice(0, LINE)}…` : line))
}

/** What an example needs around its text, besides variables that hold any key. */
export function surroundings({
  text,
  isFolder,
  env = {},
  files = {},
  encoding,
  tracked,
  answer,
  engine,
  schema,
  scan,
}: Setting): string[] {
  const used = Object.entries(env).filter(([name]) => text.includes(name))
  const told = used.filter(([, value]) => !value.startsWith('example-') && !value.startsWith('<'))
  return [
    ...(isFolder ? ['config.yaml is a folder'] : []),
    ...(encoding === 'utf16le' ? ['stored as UTF-16'] : []),
    ...told.map(([name, value]) =>
      value === '' ? `${name} is set, but empty` : `${name} is ${shortened(value)}`,
    ),
    ...Object.entries(files).map(([name, file]) => `beside it: ${name}${ofFile(name, file)}`),
    ...(tracked === undefined
      ? []
      : ['in a repository of git', ...tracked.map(name => `git tracks ${name}`)]),
    ...(schema === undefined ? [] : [`with --schema ${schema}`]),
    ...(answer === undefined ? [] : [`with --online, the provider answering ${answer.status}`]),
    ...(engine === undefined ? [] : [`with --engine ${engine}`]),
    ...(scan === undefined ? [] : ['looked at by `agw keys scan`']),
  ]
}

function shortened(value: string): string {
  const shown = JSON.stringify(value)
  return shown.length > 40 ? `${shown.slice(0, 20)}…"` : shown
}

/** What counts of a file beside the config. */
function ofFile(name: string, file: NonNullable<Setting['files']>[string]): string {
  if (typeof file === 'string') return name === 'agw.yaml' ? `, which says ${file.trim()}` : ''
  if (file.encoding === 'utf16le') return ', stored as UTF-16'
  const age = file.daysOld === undefined ? '' : `, ${file.daysOld} days old`
  return `, mode ${file.mode.toString(8).padStart(4, '0')}${age}`
}
