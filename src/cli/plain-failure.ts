import { printable, printableJson } from '../config/printable.ts'
import { isOn } from './is-on.ts'
import type { Failure } from './printed-failure.ts'

/** Tells a failure that comes before any command, and so before there is a secret; it is the end of the program. */
export function tellPlainly(failure: Failure, typed: readonly string[]): void {
  if (typed.includes('--json') || isOn(process.env['AGW_JSON']))
    process.stdout.write(`${printableJson(JSON.stringify({ error: failure }, null, 2))}\n`)
  else process.stderr.write(`error ${printable(failure.message)}\n  → ${printable(failure.hint)}\n`)
  process.exitCode = failure.exitCode
}
