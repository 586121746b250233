import { printable, printableJson } from '../config/printable.ts'
import { isOn } from './is-on.ts'
import type { Failure } from './printed-failure.ts'
import { wrappedText } from './wrapped.ts'

/** Tells a failure that comes before any command, and so before there is a secret; it is the end of the program. */
export function tellPlainly(failure: Failure, typed: readonly string[]): void {
  if (typed.includes('--json') || isOn(process.env['AGW_JSON']))
    process.stdout.write(`${printableJson(JSON.stringify({ error: failure }, null, 2))}\n`)
  else {
    const { isTTY, columns } = process.stderr
    const text = `error ${printable(failure.message)}\n  → ${printable(failure.hint)}`
    process.stderr.write(`${wrappedText(text, isTTY ? columns : Number.POSITIVE_INFINITY)}\n`)
  }
  process.exitCode = failure.exitCode
}
