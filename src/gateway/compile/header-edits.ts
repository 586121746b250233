import type { HeaderModifier } from '../../config/schema.ts'
import { FRAMING } from '../headers/header-names.ts'
import { headerText } from '../headers/header-text.ts'
import type { HeaderEdit, ModifierEdit } from '../headers/headers.ts'

/** Add, set, remove, in this order; where a body ends is not for a config to say. */
export function editsOf(modifier: HeaderModifier | null | undefined): ModifierEdit[] {
  const { add = {}, set = {}, remove = [] } = modifier ?? {}
  const edits = [
    ...Object.entries(add).map(
      ([name, value]): ModifierEdit => ({ do: 'add', name, value: headerText(value) }),
    ),
    ...Object.entries(set).map(
      ([name, value]): ModifierEdit => ({ do: 'set', name, value: headerText(value) }),
    ),
    ...remove.map((name): ModifierEdit => ({ do: 'remove', name })),
  ]
  return edits.filter(({ name }) => !FRAMING.has(name.toLowerCase()))
}

/** The host is no header among others: it is where the request goes. The last one that is written counts. */
export function splitHost(edits: readonly HeaderEdit[]): { host: string | undefined; others: HeaderEdit[] } {
  const isHost = ({ name, do: kind }: HeaderEdit): boolean =>
    kind !== 'cookie' && name.toLowerCase() === 'host'
  const last = edits.findLast(edit => isHost(edit) && edit.do !== 'remove')
  const host = last !== undefined && 'value' in last ? last.value : undefined
  return { host, others: edits.filter(edit => !isHost(edit)) }
}
