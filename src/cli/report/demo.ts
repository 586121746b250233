import { maskLine } from '../../config/index.ts'
import type { DemoStep } from '../../demo.ts'
import type { Terminal } from '../terminal.ts'
import { diagnosticText } from './text.ts'

const NUMBERS: Readonly<Partial<Record<DemoStep['step'], string>>> = {
  config: '1',
  running: '2',
  answered: '3',
  rotated: '4',
  checked: '5',
}

/** What a step shows stands so far in. Characters. */
const INDENT = 4

/** What to do next, with what it does in a column of its own. */
const NEXT = [
  ['agw init', 'writes config.yaml for your provider, and asks for its key'],
  ['agw keys set', 'stores a key, now or later: agw keys set openai'],
  ['agw serve', 'runs it'],
  ['agw test-route', 'shows which way a request takes'],
] as const
/** Where that column begins. Characters. */
const NEXT_COLUMN = 22

/** One step of the demo for a person. */
export function demoStepText(step: DemoStep, terminal: Terminal): string {
  const number = NUMBERS[step.step]
  const head = (title: string): string =>
    `${terminal.style('cyan', number ?? '')} ${terminal.style('bold', title)}`
  const indent = (text: string): string => text.replace(/^(?=.)/gm, ' '.repeat(INDENT))
  const dim = (text: string): string => terminal.style('dim', text)
  switch (step.step) {
    case 'config':
      return `${head('A config whose key is in a file of its own (mode 0600)')}\n${dim(indent(yamlOnly(step.text)))}\n`
    case 'running':
      return `${head('The gateway runs it')}\n    gateway   ${step.gateway}\n    provider  ${step.provider} ${dim('(the built-in mock)')}\n`
    case 'answered':
      return `${head('A request without a key is answered')}\n    sent      ${step.sent}\n    got       ${step.status}  ${dim(JSON.stringify(step.answer))}\n    provider  saw ${terminal.style('green', step.seenKey)}\n`
    case 'rotated': {
      const failed = terminal.style(step.failed === 0 ? 'green' : 'red', `${step.failed} failed`)
      return `${head('The key file is replaced in the middle of traffic')}\n    ${step.from}\n  → ${step.to}\n    ${step.requests} requests, ${failed}\n`
    }
    case 'checked': {
      const { diagnostics, document, name } = step.result
      const [first] = diagnostics
      const shown =
        first === undefined
          ? ''
          : diagnosticText(first, document.lines, name, terminal, 'out', true, terminal.columns - INDENT)
      return `${head('What `agw validate` says about a broken copy')}\n${indent(shown)}\n`
    }
    case 'cleaned':
      return [
        `Nothing is left behind. ${terminal.style('bold', 'Now with a key of your own:')}`,
        ...NEXT.map(([words, does]) => {
          const [first = '', ...more] = terminal.lines(does, terminal.columns - NEXT_COLUMN)
          return [
            `    ${words}`.padEnd(NEXT_COLUMN) + first,
            ...more.map(line => ' '.repeat(NEXT_COLUMN) + line),
          ].join('\n')
        }),
      ].join('\n')
  }
}

/** The same step for `--json`. */
export function demoStepJson(step: DemoStep): object {
  if (step.step !== 'checked')
    return step.step === 'config' ? { ...step, text: step.text.split('\n').map(maskLine).join('\n') } : step
  const { name, diagnostics } = step.result
  return {
    step: step.step,
    file: name,
    diagnostics: diagnostics.map(({ code, severity, message, hint, range }) => ({
      code,
      severity,
      message,
      hint,
      line: range.start.line,
      column: range.start.column,
    })),
  }
}

function yamlOnly(text: string): string {
  return text
    .split('\n')
    .filter(line => line !== '' && !line.startsWith('#'))
    .map(maskLine)
    .join('\n')
}
