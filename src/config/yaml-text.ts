import { Document, isCollection, Scalar, stringify, visit, YAMLMap } from 'yaml'

/**
 * Plain objects as YAML documents, one after the other; written out, as people edit them one by one. What YAML 1.1 takes for
 * another thing than text (`on`, `0777`, `1_000`) is in quotes: kubectl reads that.
 */
export function toYaml(documents: readonly object[]): string {
  const options = {
    lineWidth: 0,
    indentSeq: false,
    aliasDuplicateObjects: false,
    compat: 'yaml-1.1',
  } as const
  return documents.map(document => stringify(document, options)).join('---\n')
}

/** How a piece of a config is laid out. */
export interface Layout {
  /** All in brackets, on one line. */
  readonly flow?: boolean
  /** Spaces for each level. */
  readonly indent?: number
  /** The dashes of a list stand further in than its key. */
  readonly indentSeq?: boolean
  readonly comment?: string
}

/** A config, or a piece of one, as text: variables only where {@link quoted} says so, every other dollar sign is one. */
export function configYaml(
  value: unknown,
  { flow = false, indent = 2, indentSeq = false, comment }: Layout,
): string {
  const document = new Document(value)
  visit(document, {
    Scalar: (_, node) => {
      if (node.value instanceof Quoted) {
        // Another node: the given one may be written again.
        const text = new Scalar<unknown>(node.value.text)
        text.type = Scalar.QUOTE_DOUBLE
        return text
      }
      // A dollar sign that is no variable.
      if (typeof node.value === 'string' && node.type !== Scalar.QUOTE_DOUBLE)
        node.value = node.value.replaceAll('$', '$$$$')
      return undefined
    },
    Map: (_, node) => {
      if (flow || (node instanceof YAMLMap && node.items.length === 0)) node.flow = true
    },
    Seq: (_, node) => {
      if (flow) node.flow = true
    },
  })
  if (comment !== undefined) document.commentBefore = comment
  return document.toString({ lineWidth: 0, indentSeq, indent })
}

/** A string that must stand in double quotes, so that no value can change the YAML around it. */
class Quoted {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

/** A text that is written in double quotes as it is: a `$` in it begins a variable. */
export function quoted(text: string): unknown {
  return new Scalar(new Quoted(text))
}

/** A text that is written in double quotes and means itself: a `$` in it is a dollar sign. */
export function literalText(text: string): unknown {
  return quoted(text.replaceAll('$', '$$$$'))
}

/** A map or list that stands in brackets on one line, whatever is around it. Its values are of the two above. */
export function onOneLine(value: object): unknown {
  const node = new Document(value).contents
  if (isCollection(node)) node.flow = true
  return node
}
