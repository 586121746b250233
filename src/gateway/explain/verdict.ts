import { formatPath } from '../../config/diagnostic.ts'
import type { AskedCredential } from '../auth/named-place.ts'
import type { Exchange } from '../exchange.ts'
import type { Answer } from '../failures.ts'
import type { Step } from '../policies/policy.ts'
import type { Undecided } from './explanation.ts'

/** An answer in place of the upstream's, and what the policy that gives it asks clients for. */
export interface Refusal extends Answer {
  readonly asks?: AskedCredential | undefined
}

/**
 * The first answer that a step gives. What cannot be decided without a network is added to `undecided`, and so are the
 * rules that come after it: they may ask who the caller is.
 */
export async function verdictOf(
  steps: readonly Step[],
  exchange: Exchange,
  undecided: Undecided[],
): Promise<Refusal | undefined> {
  for (const step of steps) {
    if (step.passesTime) continue
    const needs = step.needs?.(exchange) ?? (step.name === 'authorization' ? undecided[0]?.needs : undefined)
    if (needs !== undefined) {
      undecided.push({ name: step.name, path: formatPath(step.path), needs })
      continue
    }
    const verdict = await step.run(exchange)
    if (verdict !== undefined) {
      return { ...verdict, decidedBy: verdict.decidedBy ?? step.path, asks: step.asks }
    }
  }
  return undefined
}
