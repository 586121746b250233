import { createHash } from 'node:crypto'
import { plainScalarsOf, type Stretch } from './comments.ts'
import type { Diagnostic } from './diagnostic.ts'
import type { ConfigDocument } from './document.ts'
import type { VariableUse } from './expand.ts'
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
type Mend = (finding: Diagnostic, document: ConfigDocument) => readonly Edit[]

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
  const mends = findings.flatMap(finding => {
    const edits = MENDS[finding.code]?.(finding, document) ?? []
    return edits.length === 0 ? [] : [{ finding, edits }]
  })
  const all = applied(document, mends)
  if (mends.length === 0) return all
  const was = validate(document).diagnostics
  const helps = (some: readonly Planned[]): boolean =>
    isBetter(document, was, applied(document, some).text, some)
  if (helps(mends)) return all
  // One of them does harm: each is tried alone, and those that do none are taken together.
  const good = mends.filter(mend => helps([mend]))
  return helps(good) ? applied(document, good) : { text: document.text, fixed: [] }
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
  const errors = is.filter(one => one.severity === 'error').map(one => one.code)
  return errors.every(code => found(is, code) <= found(was, code))
}

/** `$NAME` in a comment becomes `$$NAME`, which agentgateway reads as a dollar sign. */
function escapeDollar({ range }: Diagnostic, { text }: ConfigDocument): readonly Edit[] {
  const at = range.start.offset
  return text[at] === '$' ? [{ start: at, end: at, text: '$' }] : []
}

/** The ways password hashes start. No shell lets a variable begin with a digit. */
const HASH = /^(?:\d|apr1$|argon2(?:d|i|id)$)/

/** Dollar signs of a password hash, `$2y$05$…`: those before digits, and those that follow one without a gap. */
function escapeHash(finding: Diagnostic, document: ConfigDocument): readonly Edit[] {
  const uses = document.variables
  let use = uses.find(one => one.start === finding.range.start.offset)
  if (use === undefined || isBraced(use, document)) return []
  const neighbour = (one: VariableUse): VariableUse | undefined =>
    uses.find(other => other.end === one.start && other.missing && !isBraced(other, document))
  for (; use !== undefined; use = neighbour(use))
    if (HASH.test(use.name)) return escapeDollar(finding, document)
  return []
}

function isBraced(use: VariableUse, { text }: ConfigDocument): boolean {
  return text[use.start + 1] === '{'
}

/** Quotes around a plain value, so that whatever the variable in it holds stays one text. */
function quoteValue({ range }: Diagnostic, { text }: ConfigDocument): readonly Edit[] {
  const { start, end } = range
  const around = (one: Stretch): boolean => one.start <= start.offset && one.end >= end.offset
  const scalar = plainScalarsOf(text).find(around)
  if (scalar === undefined || /["\\]/.test(scalar.text)) return []
  return [{ start: scalar.start, end: scalar.end, text: `"${scalar.text}"` }]
}

/** `key: …` becomes `keyHash: "sha256:…"` of exactly what agentgateway reads there; clients keep their key. */
function hashKey({ path }: Diagnostic, document: ConfigDocument): readonly Edit[] {
  const value = valueAt(document.data, path)
  if (typeof value !== 'string' || document.variablesAt(path).length > 0) return []
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
