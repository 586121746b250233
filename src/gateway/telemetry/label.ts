/** Characters of a label: a client may call a model whatever fits into its request. */
export const LONGEST_LABEL = 128

/** As it is written on the page: halves of a pair, which have no bytes of their own, are all the same there. */
function cut(text: string): string {
  const short = text.length <= LONGEST_LABEL ? text : `${text.slice(0, LONGEST_LABEL - 1)}…`
  return short.replace(/\p{Surrogate}/gu, '\ufffd')
}

/** What a label says, where `unknown` is nothing. */
export function told(value: string | number | undefined): string {
  return value === undefined || value === '' ? 'unknown' : cut(String(value))
}

/** A label in the text form of Prometheus, `name="value"`; `unknown` where there is nothing to tell. */
export function label(name: string, value: string | number | undefined): string {
  return quoted(name, told(value))
}

/** The same, where an empty text is one. */
export function quoted(name: string, text: string): string {
  return `${name}="${cut(text).replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`
}
