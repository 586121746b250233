import { createHash } from 'node:crypto'
import { plainScalarsOf, type Stretch } from './comments.ts'
import type { Diagnostic } from './diagnostic.ts'
import type { ConfigDocument } from './document.ts'
import type { VariableUse } from './expand.ts'
import { isGuessable } from './guessable.ts'
import { countBefore } from './halving.ts'
import { readDocument } from './read.ts'
import { valueAt } from './union-branch.ts'
import { validate } from './validate.ts'

/** A text in which some findings are mended; everything else of it is as it was. */
export interface FixedText {
  readonly text: string
  readonly fixed: readonly Diagnostic[]
}

/** A stretch of the text and what takes its place. */
interface Edit {
  readonly start: number
  readonly end: number
  readonly text: string
}

/** The edits that mend one finding; none where it is not certain what was meant. */
type Mend = (finding: Diagnostic, places: Places) => readonly Edit[]

/** What mends look up in a text of which thousands of places are mended. */
class Places {
  readonly document: ConfigDocument
  #scalars: readonly Stretch[] | undefined
  #uses:
    | { readonly from: ReadonlyMap<number, VariableUse>; readonly to: ReadonlyMap<number, VariableUse> }
    | undefined

  constructor(document: ConfigDocument) {
    this.document = document
  }

  /** The value or key without quotes that a stretch of the text lies in. */
  scalarAround(start: number, end: number): Stretch | undefined {
    this.#scalars ??= plainScalarsOf(this.document.text)
    const scalar = this.#scalars[countBefore(this.#scalars, one => one.start <= start) - 1]
    return scalar === undefined || scalar.end < end ? undefined : scalar
  }

  /** The variable that begins there. */
  useFrom(start: number): VariableUse | undefined {
    return this.#ends.from.get(start)
  }

  /** The variable that ends there. */
  useTo(end: number): VariableUse | undefined {
    return this.#ends.to.get(end)
  }

  get #ends() {
    const uses = this.document.variables
    this.#uses ??= {
      from: new Map(uses.map(use => [use.start, use])),
      to: new Map(uses.map(use => [use.end, use])),
    }
    return this.#uses
  }
}

const MENDS: Readonly<Record<string, Mend>> = {
  VARIABLE_IN_COMMENT: escapeDollar,
  VARIABLE_UNSET: escapeHash,
  VARIABLE_CHANGES_YAML: quoteValue,
  PLAIN_VIRTUAL_KEY: hashKey,
}

/**
 * Mends the findings whose mend is certain. A mend is kept only if its finding is gone afterwards and no error is new.
 */
export function fixText(document: ConfigDocument, findings: readonly Diagnostic[]): FixedText {
  const places = new Places(document)
  const mends = findings.flatMap(finding => {
    const edits = MENDS[finding.code]?.(finding, places) ?? []
    return edits.length === 0 ? [] : [{ finding, edits }]
  })
  const all = applied(document, mends)
  if (mends.length === 0) return all
  const was = validate(document).diagnostics
  const helps = (some: readonly Planned[]): boolean =>
    isBetter(document, was, applied(document, some).text, some)
  if (helps(mends)) return all
  // Some of them do harm: those that do none are taken together.
  const good = halves(mends).flatMap(half => harmless(half, helps))
  return helps(good) ? applied(document, good) : { text: document.text, fixed: [] }
}

/** Those that help, found by halving: each try reads the whole text. */
function harmless(
  mends: readonly Planned[],
  helps: (some: readonly Planned[]) => boolean,
): readonly Planned[] {
  if (mends.length === 0 || helps(mends)) return mends
  return mends.length === 1 ? [] : halves(mends).flatMap(half => harmless(half, helps))
}

function halves<T>(list: readonly T[]): [readonly T[], readonly T[]] {
  const middle = list.length >> 1
  return [list.slice(0, middle), list.slice(middle)]
}

interface Planned {
  readonly finding: Diagnostic
  readonly edits: readonly Edit[]
}

function applied({ text }: ConfigDocument, mends: readonly Planned[]): FixedText {
  const edits = new Map(mends.flatMap(mend => mend.edits).map(edit => [`${edit.start}-${edit.end}`, edit]))
  let out = ''
  let at = 0
  for (const edit of [...edits.values()].sort((a, b) => a.start - b.start)) {
    if (edit.start < at) continue
    out += text.slice(at, edit.start) + edit.text
    at = edit.end
  }
  return { text: out + text.slice(at), fixed: mends.map(mend => mend.finding) }
}

/** Fewer findings of the codes that were mended, and no error that was not there before. */
function isBetter(
  before: ConfigDocument,
  was: readonly Diagnostic[],
  text: string,
  mends: readonly Planned[],
): boolean {
  const lookup = (name: string): string | undefined =>
    before.valueOf({ name, start: 0, end: 0, fallback: undefined, missing: true })
  const is = validate(readDocument(text, { file: before.file, lookup })).diagnostics
  const found = (list: readonly Diagnostic[], code: string): number =>
    list.filter(one => one.code === code).length
  for (const code of new Set(mends.map(mend => mend.finding.code))) {
    const mended = mends.filter(mend => mend.finding.code === code).length
    if (found(is, code) > found(was, code) - mended) return false
  }
  // What could not be read before may have errors of its own.
  if (before.data === undefined) return true
  const errors = new Set(is.filter(one => one.severity === 'error').map(one => one.code))
  return [...errors].every(code => found(is, code) <= found(was, code))
}

/** `$NAME` in a comment becomes `$$NAME`, which agentgateway reads as a dollar sign. */
function escapeDollar({ range }: Diagnostic, { document: { text } }: Places): readonly Edit[] {
  const at = range.start.offset
  return text[at] === '$' ? [{ start: at, end: at, text: '$' }] : []
}

/** The ways password hashes start. No shell lets a variable begin with a digit. */
const HASH = /^(?:\d|apr1$|argon2(?:d|i|id)$)/
/** No hash of a password has more dollar signs in it. */
const MOST_PARTS = 8

/** Dollar signs of a password hash, `$2y$05$…`: those before digits, and those that follow one without a gap. */
function escapeHash(finding: Diagnostic, places: Places): readonly Edit[] {
  const { document } = places
  let use = places.useFrom(finding.range.start.offset)
  if (use === undefined || isBraced(use, document)) return []
  for (let left = MOST_PARTS; use !== undefined && left > 0; left -= 1) {
    if (HASH.test(use.name)) return escapeDollar(finding, places)
    const before = places.useTo(use.start)
    use = before?.missing === true && !isBraced(before, document) ? before : undefined
  }
  return []
}

function isBraced(use: VariableUse, { text }: ConfigDocument): boolean {
  return text[use.start + 1] === '{'
}

/** Quotes around a plain value, so that whatever the variable in it holds stays one text. */
function quoteValue({ range: { start, end } }: Diagnostic, places: Places): readonly Edit[] {
  const scalar = places.scalarAround(start.offset, end.offset)
  if (scalar === undefined || /["\\]/.test(scalar.text)) return []
  return [{ start: scalar.start, end: scalar.end, text: `"${scalar.text}"` }]
}

/**
 * `key: …` becomes `keyHash: "sha256:…"` of exactly what agentgateway reads there; clients keep their key. Not one that its hash
 * would not hide: it has to go, and nobody would be told of it any more.
 */
function hashKey({ path }: Diagnostic, { document }: Places): readonly Edit[] {
  const value = valueAt(document.data, path)
  if (typeof value !== 'string' || isGuessable(value) || document.variablesAt(path).length > 0) return []
  const key = document.rangeOf(path, 'key')
  const place = document.rangeOf(path)
  const between = document.text.slice(key.end.offset, place.start.offset)
  const written = document.text.slice(place.start.offset, place.end.offset)
  // A key in quotes stays in them, as JSON has it, and needs no space behind its colon.
  const [quote = ''] = /^["']/.exec(document.text.slice(key.start.offset)) ?? []
  // Not behind an alias, an anchor or a tag, and not over several lines.
  const isPlain = quote === '' ? /^[ \t]*:[ \t]+$/ : /^[ \t]*:[ \t]*$/
  if (!isPlain.test(between) || /[\r\n]/.test(written)) return []
  const hash = createHash('sha256').update(value).digest('hex')
  return [
    { start: key.start.offset, end: key.end.offset, text: `${quote}keyHash${quote}` },
    { start: place.start.offset, end: place.end.offset, text: `"sha256:${hash}"` },
  ]
}
