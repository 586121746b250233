import type { Exchange } from '../exchange.ts'
import { quoted } from './label.ts'
import { type AddedFields, fieldsFrom } from './log-rule.ts'

/** Labels that the config adds to metrics, in its order; undefined is `unknown`. */
export type AddedLabels = readonly (readonly [name: string, text: string | undefined])[]

/** As in agentgateway, only text is told: what fails, or yields anything else, is unknown. */
export function addedLabels(added: AddedFields, exchange: Exchange): AddedLabels {
  return added.map(([name, expression]) => {
    const [, value] = fieldsFrom(name, expression, exchange).find(([field]) => field === name) ?? []
    return [name, typeof value === 'string' ? value : undefined]
  })
}

/** `,user="alice"`, to go on from other labels. What `redact` takes out is gone before a long text is cut. */
export function addedText(labels: AddedLabels | undefined, redact: (text: string) => string): string {
  let text = ''
  for (const [name, value] of labels ?? [])
    text += `,${quoted(name, value === undefined ? 'unknown' : redact(value))}`
  return text
}
