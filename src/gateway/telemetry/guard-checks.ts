import type { GuardActions } from '../llm/guards.ts'

/** Checks of one side that came to the same. */
export interface GuardSeries {
  /** As in the text form, without braces. */
  readonly labels: string
  checks: number
}

function series(phase: string) {
  const one = (action: string): GuardSeries => ({ labels: `phase="${phase}",action="${action}"`, checks: 0 })
  return { Allow: one('Allow'), Mask: one('Mask'), Reject: one('Reject') }
}

/** Counts what guards have done. */
export class GuardChecks {
  readonly #request = series('Request')
  readonly #response = series('Response')

  record({ request, response }: GuardActions): void {
    for (const action of request) this.#request[action].checks++
    for (const action of response) this.#response[action].checks++
  }

  get series(): readonly GuardSeries[] {
    const all = [...Object.values(this.#request), ...Object.values(this.#response)]
    return all.filter(({ checks }) => checks > 0)
  }
}
