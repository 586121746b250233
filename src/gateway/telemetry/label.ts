/** Characters of a label: a client may call a model whatever fits into its request. */
export const LONGEST_LABEL = 128

export function cut(text: string): string {
  return text.length <= LONGEST_LABEL ? text : `${text.slice(0, LONGEST_LABEL - 1)}…`
}

/** A label in the text form of Prometheus, `name="value"`; `unknown` where there is nothing to tell. */
export function label(name: string, value: string | number | undefined): string {
  return quoted(name, value === undefined || value === '' ? 'unknown' : String(value))
}

/** The same, where an empty text is one. */
export function quoted(name: string, text: string): string {
  return `${name}="${cut(text).replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`
}
