import type { HeaderModifier } from '../../config/schema.ts'
import { headerText } from '../header-text.ts'
import type { ModifierEdit } from '../headers.ts'

/** Add, set, remove, in this order. */
export function editsOf(modifier: HeaderModifier | null | undefined): ModifierEdit[] {
  const { add = {}, set = {}, remove = [] } = modifier ?? {}
  return [
    ...Object.entries(add).map(
      ([name, value]): ModifierEdit => ({ do: 'add', name, value: headerText(value) }),
    ),
    ...Object.entries(set).map(
      ([name, value]): ModifierEdit => ({ do: 'set', name, value: headerText(value) }),
    ),
    ...remove.map((name): ModifierEdit => ({ do: 'remove', name })),
  ]
}
