import { stringify } from 'yaml'

/** Plain objects as YAML documents, one after the other; written out, as people edit them one by one. */
export function toYaml(documents: readonly object[]): string {
  const options = { lineWidth: 0, indentSeq: false, aliasDuplicateObjects: false }
  return documents.map(document => stringify(document, options)).join('---\n')
}
