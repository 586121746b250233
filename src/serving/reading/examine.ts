import { hash } from 'node:crypto'
import { unsupportedFindings } from '../../checking/unsupported.ts'
import { type DocumentOptions, keySlots, readDocument, validate } from '../../config/index.ts'
import type { Examined } from '../../load.ts'

/** Reads and checks the text of a config in one go. The document is not kept. */
export function examine(bytes: Uint8Array, options: DocumentOptions): Examined {
  const document = readDocument(bytes, options)
  const { draft, diagnostics } = validate(document)
  const slots = draft === undefined ? [] : keySlots(draft, document)
  const isUnset = ({ path }: (typeof slots)[number]): boolean =>
    document.variablesAt(path).some(use => use.missing)
  return {
    draft,
    diagnostics: diagnostics.filter(one => one.severity === 'error'),
    slots,
    unset: new Set(slots.filter(isUnset)),
    unsupported: draft === undefined ? [] : unsupportedFindings(draft, document, 'embedded'),
    digest: hash('sha256', bytes, 'hex'),
  }
}
