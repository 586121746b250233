import { stringify } from 'yaml'

/** Plain objects as YAML documents, one after the other. */
export function toYaml(documents: readonly object[]): string {
  return documents.map(document => stringify(document, { lineWidth: 0, indentSeq: false })).join('---\n')
}
