import { distance } from './did-you-mean.ts'
import { looksSecret } from './shown-word.ts'

/** `name: `, `NAME=` and the `:-` of a default, with what may stand in front of the secret. */
const HEAD = /(?<![\w-])([A-Za-z][\w-]{0,60})["']?\s*(?::-|[:=])\s*(?:&[\w-]+\s+)?(?:(?:Bearer|Basic)\s+)?/gi
/** A text in quotes, with what is escaped in it. It may go on in the next line. */
const TEXT = String.raw`"[^"\\]*(?:\\.[^"\\]*)*"?|'[^']*(?:''[^']*)*'?`
const VALUE = new RegExp(`${TEXT}|[^\\s,}\\]#]+`, 'y')
/** The value of a key or a password: it may have several words, and signs that end it nowhere but in brackets. */
const QUOTED = new RegExp(TEXT, 'y')
const LIST = new RegExp(String.raw`\[[^\]"']*(?:(?:${TEXT})[^\]"']*)*`, 'y')
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
/** Names of several of them, or of a number of some. */
const PLURALS = new Set(['keys', 'apikeys', 'tokens', 'secrets', 'passwords'])
const NUMBER = /^\d[\d_]{0,9}$/
/** Names of a number of tokens, whatever works it out. */
const COUNT = /^(?:max|min|total|input|output|prompt|completion|cached|reasoning)[a-z_-]*tokens$/i
/** What is said of a client beside its key; anything else there may be the key under another name. */
const CLIENT_WORDS = new Set(['keyHash', 'metadata', 'allowedModels'])
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

/**
 * What the lines above make of a line: `secret` is a part of a key or a password, `client` says something of one client
 * in a list of keys, where a key may stand under a name that nobody knows.
 */
export type LineRole = 'own' | 'secret' | 'client'

/** A line of a config as it may be shown. `role` is what the lines above it make of it. */
export function maskedLine(line: string, role: LineRole = 'own'): MaskedLine {
  const seen = role === 'secret' ? hideAll(line) : hidePlaces(line, role === 'client')
  const hidden = hideKeys(seen).replace(RUN, (word, at: number, text: string) =>
    looksSecret(word) ? shownOfHash(word, text.endsWith('sha256:', at)) : word,
  )
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

/** A line that is a secret, with the dashes and spaces before it. */
function hideAll(line: string): string {
  const start = line.search(/[^\s-]|-(?!\s|-)/)
  return start < 0 ? line : line.slice(0, start) + hideValue(line.slice(start).trimEnd())
}

function hidePlaces(line: string, isClient: boolean): string {
  let shown = ''
  let copied = 0
  for (const { start, value } of placesIn(line, isClient)) {
    shown += line.slice(copied, start) + hideValue(value)
    copied = start + value.length
  }
  return shown + line.slice(copied)
}

/** A text in a secret's place, and where it begins (0-based). */
interface SecretPlace {
  readonly start: number
  readonly value: string
}

function* placesIn(line: string, isClient: boolean): Generator<SecretPlace> {
  const first = line.search(/[^\s-]/)
  // How many brackets stand around what is said of a client.
  let around = isClient ? (line.charAt(first) === '{' ? 1 : 0) : undefined
  let depth = 0
  let seen = 0
  for (const { 0: head, 1: name = '', index } of line.matchAll(HEAD)) {
    if (index < seen) continue
    const start = index + head.length
    for (; seen < index; seen += 1) depth += line[seen] === '{' ? 1 : line[seen] === '}' ? -1 : 0
    const last = lastWord(name)
    const isOther = last !== 'value' && !isMaskedName(name, depth === around && isEntry(line, index))
    if (namesKeys(name) && /^\[\s*\{/.test(line.slice(start))) around = depth + 1
    if (isOther || HARMLESS_START.test(line.charAt(start)) || isListOfMaps(line, start)) continue
    const value = last === 'value' ? at(VALUE, line, start) : secretAt(line, start, index <= first + 1)
    if (HARMLESS.test(value) || (last === 'value' && PLAIN_VALUE.test(value))) continue
    if (PLURALS.has(last) && NUMBER.test(value)) continue
    yield { start, value }
    seen = start + value.length
  }
}

/** Whether a name stands where one of a map may: at the start of the line, behind a bracket or a comma. */
function isEntry(line: string, index: number): boolean {
  return /(?:^[\s-]*|[{,]\s*)["']?$/.test(line.slice(Math.max(0, index - 200), index))
}

function isListOfMaps(line: string, start: number): boolean {
  return /^\[\s*(?:[{*\]]|$)/.test(line.slice(start, start + 200))
}

/** The quote of a secret that the line opens and does not close, or nothing. */
export function openQuote(line: string): string {
  let open = ''
  // Every quote has its second one.
  if (['"', "'"].every(quote => line.split(quote).length % 2 === 1)) return open
  for (const { value } of placesIn(line, false)) {
    const quote = /^["']/.exec(value)?.[0] ?? ''
    open = quote !== '' && !(value.length > 1 && value.endsWith(quote)) ? quote : ''
  }
  return open
}

/** The text in a secret's place, which may have a line of a map to itself. */
function secretAt(line: string, start: number, hasLine: boolean): string {
  const quoted = at(QUOTED, line, start)
  if (quoted !== '' || !hasLine) return quoted || at(LIST, line, start) || at(IN_BRACKETS, line, start)
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

/** Whether what goes by a name is masked: it may be that of a key, misspelt. Of a client all is but what is known to be none. */
export function isMaskedName(name: string, isOfClient: boolean): boolean {
  if (isOfClient) return !CLIENT_WORDS.has(name)
  if (COUNT.test(name)) return false
  const word = lastWord(name)
  const known = JUDGED.get(word) ?? isNear(word, SECRET_NAMES)
  if (JUDGED.size < MOST_JUDGED) JUDGED.set(word, known)
  return known
}

const SECRET_NAMES = [...KEY_NAMES, ...PLURALS]
/** A large config has few names, each of them thousands of times. */
const JUDGED = new Map<string, boolean>()
const MOST_JUDGED = 1000

/** Whether a name is that of a list of keys. */
export function namesKeys(name: string): boolean {
  return isNear(lastWord(name), ['keys', 'apikeys']) && !isKeyName(name)
}

/** Whether a word is one of some, or one or two edits away, by its length. */
function isNear(word: string, known: readonly string[]): boolean {
  return known.some(one => {
    const edits = one.length < 5 ? 1 : 2
    return distance(word, one, edits + 1) <= edits
  })
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

/** Of the hash of a key so much is shown as of a fingerprint: it tells keys apart. By all of it a weak key could be found. */
const SHOWN_DIGITS = 8
const HASH = /^[0-9a-f]{64}$/i

function shownOfHash(word: string, isHash: boolean): string {
  const shown = isHash && HASH.test(word) ? SHOWN_DIGITS : 0
  return word.slice(0, shown) + hide(word.slice(shown))
}

function hide(word: string): string {
  return HIDDEN.repeat(word.length)
}

function masked(hidden: string): string {
  return hidden.replace(HIDDEN_RUN, MASK)
}
