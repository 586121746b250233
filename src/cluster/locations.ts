import { isNode, textAt } from '../config/rules/tree.ts'
import { unwritten } from './unwritten.ts'
import { expression, isHeaderName, type Words } from './words.ts'

const LONGEST_NAME = 256

/** Where a credential stands, as manifests have it; undefined for the usual place. */
export function locationWords(location: unknown, { inserts = false } = {}): Words | undefined {
  if (location === undefined || location === null) return undefined
  const header = textAt(location, 'header', 'name')
  if (header !== undefined) {
    const prefix = textAt(location, 'header', 'prefix')
    if (!isHeaderName(header) || (prefix?.length ?? 0) > LONGEST_NAME)
      unwritten('its location has no word there')
    return { header: { name: header, ...(prefix !== undefined && { prefix }) } }
  }
  for (const kind of ['queryParameter', 'cookie']) {
    const name = textAt(location, kind, 'name')
    if (name !== undefined && name.length <= LONGEST_NAME) return { [kind]: { name } }
  }
  if (!inserts && isNode(location) && typeof location['expression'] === 'string')
    return { expression: expression(location['expression']) }
  return unwritten('its location has no word there')
}
