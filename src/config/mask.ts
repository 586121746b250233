import { looksSecret } from './shown-word.ts'

/** `name: `, `NAME=` and the `:-` of a default, with what may stand in front of the secret. */
const HEAD = /(?<![\w-])([A-Za-z][\w-]{0,60})["']?\s*(?::-|[:=])\s*(?:&[\w-]+\s+)?(?:(?:Bearer|Basic)\s+)?/gi
const VALUE = /"[^"]*"?|'[^']*'?|[^\s,}\]#]+/y
/** The value of a key or a password: it may have several words, and signs that end it nowhere but in brackets. */
const QUOTED = /"[^"]*"?|'[^']*'?/y
const IN_BRACKETS = /[^\s,}\]#][^\s,}\]]*(?:\s+[^\s,}\]#][^\s,}\]]*)*/y
/** What ends one that has a line to itself: a comment, or the next key of a map in brackets that an earlier line opened. */
const LINE_ENDS = /\s#|,\s*["']?[\w-]+["']?\s*:/
/** Last words of names that hold keys and passwords: what stands there is masked, whatever it looks like. */
const KEY_NAMES = new Set([
  'key',
  'apikey',
  'token',
  'secret',
  'password',
  'passwd',
  'authorization',
  'credential',
  'credentials',
  'htpasswd',
])
/** How what is no secret begins in a secret's place: a file reference, an alias, lines of their own. How far it goes is not looked for. */
const HARMLESS_START = /[{&*|>]/
/** What stands there but is none: a word of YAML, nothing. */
const HARMLESS = /^["']{0,2}$|^(?:true|false|null|~)$/
/** A variable, or what stands around its default; and what is neither. */
const VARIABLE = /(\$(?:\w+|\{\w+(?::-)?)|\})|[^$}]+|\$/g
/** The value of a header or a path may be anything: these are plainly none. */
const PLAIN_VALUE = /^(["']?)(?:\/[\w/.{}*-]*|[a-z]+|\d{1,6})\1$/
/** How keys of the known kinds begin. */
const KNOWN_KEY =
  /\b(?:sk|agw_sk|gsk|xai|pplx|csk|nvapi|hf|r8|vck|tgp)[-_][\w-]{6,}|AIza[\w-]{10,}|AQ\.[\w-]{10,}/g
/** A run of letters, digits and signs as keys have them; whether it is one is asked of each. */
const RUN = /[\w+/=-]{16,}/g

/** What stands in a secret's place, whatever its length. */
const MASK = '********'
/** Stands for each character of a secret until all secrets of a line are known; no text has it in it. */
const HIDDEN = '\uffff'
const HIDDEN_RUN = /\uffff+/g

/** A line with what could be a secret masked. */
export interface MaskedLine {
  readonly text: string
  /** Where a column of the line (1-based) is in the text; in a mask its start, or its end for the end of a range. */
  columnOf(column: number, isEnd?: boolean): number
}

/** A line of a config as it may be shown. */
export function maskedLine(line: string): MaskedLine {
  const hidden = hideKeys(hidePlaces(line)).replace(RUN, word => (looksSecret(word) ? hide(word) : word))
  return {
    text: masked(hidden),
    columnOf(column, isEnd = false) {
      let shift = 0
      for (const { 0: run, index } of hidden.matchAll(HIDDEN_RUN)) {
        const [start, end] = [index + 1, index + 1 + run.length]
        if (column <= start) break
        if (column < end) return start + shift + (isEnd ? MASK.length : 0)
        shift += MASK.length - run.length
      }
      return column + shift
    },
  }
}

/** The text of {@link maskedLine}. */
export function maskLine(line: string): string {
  return maskedLine(line).text
}

function hidePlaces(line: string): string {
  let shown = ''
  let copied = 0
  const first = line.search(/[^\s-]/)
  for (const { 0: head, 1: name = '', index } of line.matchAll(HEAD)) {
    const last = lastWord(name)
    const start = index + head.length
    if (start < copied || !(last === 'value' || KEY_NAMES.has(last))) continue
    if (HARMLESS_START.test(line.charAt(start))) continue
    const value = last === 'value' ? at(VALUE, line, start) : secretAt(line, start, index <= first + 1)
    if (HARMLESS.test(value) || (last === 'value' && PLAIN_VALUE.test(value))) continue
    shown += line.slice(copied, start) + hideValue(value)
    copied = start + value.length
  }
  return shown + line.slice(copied)
}

/** The text in a secret's place, which may have a line of a map to itself. */
function secretAt(line: string, start: number, hasLine: boolean): string {
  const quoted = at(QUOTED, line, start)
  if (quoted !== '' || !hasLine) return quoted || at(IN_BRACKETS, line, start)
  const rest = line.slice(start)
  if (rest.startsWith('#')) return ''
  let end = rest.search(LINE_ENDS)
  if (end < 0) end = rest.length
  while (end > 0 && /[\s,}\]]/.test(rest.charAt(end - 1))) end -= 1
  return rest.slice(0, end)
}

function at(pattern: RegExp, line: string, start: number): string {
  pattern.lastIndex = start
  return pattern.exec(line)?.[0] ?? ''
}

/** Whether what goes by a name is a key or a password, as `OPENAI_API_KEY`, `x-api-key` and `clientSecret` are. */
export function isKeyName(name: string): boolean {
  return KEY_NAMES.has(lastWord(name))
}

/** `key` of `secret-access-key`, `secretAccessKey` and `SECRET_ACCESS_KEY`. */
function lastWord(name: string): string {
  return (/(?:[A-Z]?[a-z\d]+|[A-Z\d]+)$/.exec(name)?.[0] ?? name).toLowerCase()
}

/** A line of any text with the known kinds of keys masked, and nothing else. */
export function maskKeys(line: string): string {
  return masked(hideKeys(line))
}

function hideKeys(line: string): string {
  return line.replace(KNOWN_KEY, hide)
}

function hideValue(value: string): string {
  const quote = /^["']/.exec(value)?.[0] ?? ''
  const closed = quote !== '' && value.length > 1 && value.endsWith(quote)
  const inner = value.slice(quote.length, closed ? -1 : undefined)
  const hidden = /^\$[\w{]/.test(inner)
    ? inner.replace(VARIABLE, (part, variable?: string) => (variable === undefined ? hide(part) : part))
    : hide(inner)
  return quote + hidden + (closed ? quote : '')
}

function hide(word: string): string {
  return HIDDEN.repeat(word.length)
}

function masked(hidden: string): string {
  return hidden.replace(HIDDEN_RUN, MASK)
}
