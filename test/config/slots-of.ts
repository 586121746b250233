import { readDocument } from '../../src/config/read.ts'
import { type KeySlot, keySlots } from '../../src/config/slots.ts'
import { validate } from '../../src/config/validate.ts'

/** The key slots of a config that has no errors; a variable without a value has some. */
export function slotsOf(text: string, values: Record<string, string> = {}): KeySlot[] {
  const document = readDocument(text, { file: 'config.yaml', lookup: name => values[name] ?? 'value' })
  const { draft, diagnostics } = validate(document)
  if (draft === undefined) throw new Error(JSON.stringify(diagnostics, null, 1))
  return keySlots(draft, document)
}
