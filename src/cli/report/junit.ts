import { type Diagnostic, formatPath } from '../../config/diagnostic.ts'
import { printable } from '../../config/printable.ts'
import type { AgwError } from '../../errors.ts'
import { type CheckedFile, failureSentence, fileBelow, sentence } from './checked-file.ts'

export interface JunitOptions {
  /** Where file names start. */
  readonly root: string
  /** Warnings fail as errors do. */
  readonly strict: boolean
}

interface Case {
  readonly name: string
  readonly outcome: 'failure' | 'skipped' | 'passed'
  readonly xml: string
}

/** JUnit XML: a suite for each file, a case for each finding. What does not fail the check counts as skipped. */
export function junitText(files: readonly CheckedFile[], options: JunitOptions): string {
  const suites = files.map(file => suiteOf(file, options))
  const total = (key: 'tests' | 'failures' | 'skipped'): number =>
    suites.reduce((sum, one) => sum + one[key], 0)
  const counts = attributes({
    name: 'agw validate',
    tests: total('tests'),
    failures: total('failures'),
    errors: 0,
    skipped: total('skipped'),
    time: 0,
  })
  const body = suites.map(suite => suite.xml).join('\n')
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites${counts}>\n${body}\n</testsuites>`
}

/** One case that ended in an error: the check could not be made. */
export function junitFailure(error: AgwError): string {
  const name = 'agw validate'
  const counts = attributes({ name, tests: 1, failures: 0, errors: 1, skipped: 0, time: 0 })
  const told = attributes({ type: error.code, message: failureSentence(error) })
  const inner = `<testcase${attributes({ name: error.code, classname: name, time: 0 })}><error${told}/></testcase>`
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites${counts}>\n  <testsuite${counts}>\n    ${inner}\n  </testsuite>\n</testsuites>`
}

function suiteOf(
  file: CheckedFile,
  { root, strict }: JunitOptions,
): { readonly xml: string; readonly tests: number; readonly failures: number; readonly skipped: number } {
  const name = fileBelow(root, file)
  const taken = new Map<string, number>()
  const cases =
    file.diagnostics.length === 0
      ? [passingCase(name)]
      : file.diagnostics.map(diagnostic => caseOf(diagnostic, name, strict, taken))
  const count = (outcome: Case['outcome']): number => cases.filter(one => one.outcome === outcome).length
  const counted = { tests: cases.length, failures: count('failure'), skipped: count('skipped') }
  const counts = attributes({ name, ...counted, errors: 0, time: 0 })
  const xml = [`  <testsuite${counts}>`, ...cases.map(one => one.xml), '  </testsuite>'].join('\n')
  return { xml, ...counted }
}

function passingCase(file: string): Case {
  const xml = `    <testcase${attributes({ name: 'no findings', classname: file, file, time: 0 })}/>`
  return { name: 'no findings', outcome: 'passed', xml }
}

function caseOf(one: Diagnostic, file: string, strict: boolean, taken: Map<string, number>): Case {
  const { start } = one.range
  // Without the line, so that a test keeps its name from one commit to the next.
  const base = `${one.code} ${formatPath(one.path)}`.trim()
  const number = (taken.get(base) ?? 0) + 1
  taken.set(base, number)
  const name = number === 1 ? base : `${base} (${number})`
  const fails = one.severity === 'error' || (strict && one.severity === 'warning')
  const head = `    <testcase${attributes({ name, classname: file, file, line: start.line, time: 0 })}>`
  const text = `${printable(file)}:${start.line}:${start.column} ${one.severity} ${one.code}\n${printable(sentence(one))}`
  const inner = fails
    ? `<failure${attributes({ type: one.severity, message: sentence(one) })}>${escapeXml(text)}</failure>`
    : `<skipped${attributes({ message: `${one.severity}: ${sentence(one)}` })}/>`
  const outcome = fails ? 'failure' : 'skipped'
  return { name, outcome, xml: `${head}\n      ${inner}\n    </testcase>` }
}

function attributes(values: Readonly<Record<string, string | number>>): string {
  return Object.entries(values)
    .map(([key, value]) => ` ${key}="${escapeXml(String(value)).replace(/[\t\r\n]/g, toReference)}"`)
    .join('')
}

const NAMED: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
}
/** What XML 1.0 cannot hold, not even as a reference: control characters, lone surrogates, two non-characters. */
const IMPOSSIBLE = /[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]|\p{Surrogate}/gu

function escapeXml(text: string): string {
  return text.replace(IMPOSSIBLE, '\ufffd').replace(/[&<>"']/g, sign => NAMED[sign] ?? sign)
}

function toReference(sign: string): string {
  return `&#${sign.charCodeAt(0)};`
}
