import type { Document, YAMLError } from 'yaml'

/** A mistake that the YAML library meets as another one. */
interface Cause {
  readonly message: string
  readonly hint: string
  readonly start: number
  readonly end: number
}

/** A key behind something else in one line, as `provider` in `{name: a provider: ollama}`. */
const SECOND_KEY = /^([^\r\n,[\]{}]*[^\s:,[\]{}-][ \t]+)([\w$.-]+|"[^"\r\n]*"|'[^'\r\n]*'):(?:\s|$)/
/** What ends an entry in brackets; the next begins with a comma. */
const ENTRY_ENDS = /[\]}"']\s*$/
const ENTRY_BEGINS = /^[[{"'\w]/

/** The comma that lacks between two entries in brackets: the library takes the second for part of the first. */
export function missingComma({ code, pos: [met] }: YAMLError, text: string): Cause | undefined {
  const line = text.slice(text.lastIndexOf('\n', met - 1) + 1, met)
  if (!isInBrackets(line)) return undefined
  const rest = text.slice(met)
  let start: number | undefined
  if (code === 'BLOCK_IN_FLOW') {
    const [, before] = SECOND_KEY.exec(rest) ?? []
    if (before !== undefined) start = met + before.length
  } else if (code === 'UNEXPECTED_TOKEN' && ENTRY_BEGINS.test(rest) && ENTRY_ENDS.test(line)) {
    start = met
  }
  if (start === undefined) return undefined
  const message = 'a comma is missing in front of this'
  return { message, hint: 'put one between the entries in brackets', start, end: start + 1 }
}

/** Whether a line leaves a bracket open; those in quotes are text. */
function isInBrackets(line: string): boolean {
  const bare = line.replace(/"[^"]*"|'[^']*'/g, '')
  return bare.replace(/[^[{]/g, '').length > bare.replace(/[^\]}]/g, '').length
}

/** Tells what the library says of the line with a tab at its start, and of the end of the one above, because of that tab. */
export function tabsOf(yaml: Document, text: string): (error: YAMLError) => boolean {
  const tabs = yaml.errors.filter(({ code }) => code === 'TAB_AS_INDENT').map(({ pos }) => pos[0])
  const spans = tabs.map(tab => ({ from: text.lastIndexOf('\n', tab - 2) + 1, to: endOfLine(text, tab) }))
  return ({ code, pos: [met] }) =>
    code !== 'TAB_AS_INDENT' && spans.some(({ from, to }) => met >= from && met <= to)
}

function endOfLine(text: string, from: number): number {
  const end = text.indexOf('\n', from)
  return end === -1 ? text.length : end
}
