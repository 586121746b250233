import type { HeaderModifier } from '../../config/schema.ts'
import { headerText } from '../header-text.ts'
import type { HeaderEdit } from '../headers.ts'

/** Add, set, remove, in this order. */
export function editsOf(modifier: HeaderModifier | null | undefined): HeaderEdit[] {
  const { add = {}, set = {}, remove = [] } = modifier ?? {}
  return [
    ...Object.entries(add).map(
      ([name, value]): HeaderEdit => ({ do: 'add', name, value: headerText(value) }),
    ),
    ...Object.entries(set).map(
      ([name, value]): HeaderEdit => ({ do: 'set', name, value: headerText(value) }),
    ),
    ...remove.map((name): HeaderEdit => ({ do: 'remove', name })),
  ]
}
