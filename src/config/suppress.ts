import { suggested } from '../suggested.ts'
import { CODES, type Code } from './codes.ts'
import { commentsOf } from './comments.ts'
import type { Diagnostic, Range } from './diagnostic.ts'
import { closest } from './did-you-mean.ts'
import type { ConfigDocument } from './document.ts'
import { maskLine } from './mask.ts'
import { looksSecret } from './shown-word.ts'
import { stageOf } from './stages.ts'

/** A finding that a comment of the file asks to ignore, and why. */
export interface Suppressed {
  readonly diagnostic: Diagnostic
  /** As written, with what could be a secret masked. */
  readonly reason: string
}

/** What remains to be said of a file, and what its comments hide. */
export interface Judged {
  readonly diagnostics: readonly Diagnostic[]
  readonly suppressed: readonly Suppressed[]
}

/** `# agw-ignore CODE: reason`; several codes are separated by commas. */
const WORD = 'agw-ignore'
const FORM = /^#+\s*agw-ignore(?=[\s:,]|$)([^:]*)(?::(.*))?$/s
const HOW = 'write it as `# agw-ignore CODE: reason`'

interface Wish {
  /** The codes, as typed. */
  readonly codes: readonly string[]
  readonly reason: string
  /** The line whose findings it is about; 0 where none follows. */
  readonly line: number
  readonly range: Range
}

/**
 * Takes out the findings that comments ask to ignore: a comment at the end of a line is about that line, one that
 * stands alone about the next line that is neither comment nor empty. Errors cannot be ignored. A comment without a
 * reason, without a known code or without effect is a finding itself; for the last, `looked` tells whether findings of
 * a code were looked for at all.
 */
export function applySuppressions(
  document: ConfigDocument,
  diagnostics: readonly Diagnostic[],
  looked: (code: Code) => boolean,
): Judged {
  if (!document.text.includes(WORD)) return { diagnostics, suppressed: [] }
  const suppressed = new Map<Diagnostic, string>()
  const said: Diagnostic[] = []
  for (const wish of wishesOf(document)) {
    const report = (code: Code, message: string, hint: string): void => {
      const { severity } = CODES[code]
      said.push({ code, severity, message, hint, file: document.file, path: [], range: wish.range })
    }
    if (wish.codes.length === 0) {
      report('SUPPRESSION_UNUSED', 'this comment names no code, so it hides nothing', HOW)
    } else if (wish.reason === '') {
      report('SUPPRESSION_WITHOUT_REASON', 'this comment gives no reason, so it has no effect', HOW)
    } else {
      for (const code of wish.codes) {
        const hidden = apply(code, wish, diagnostics, looked, report)
        for (const diagnostic of hidden) suppressed.set(diagnostic, wish.reason)
      }
    }
  }
  return {
    diagnostics: [...diagnostics.filter(one => !suppressed.has(one)), ...said],
    suppressed: [...suppressed].map(([diagnostic, reason]) => ({ diagnostic, reason })),
  }
}

function apply(
  code: string,
  { line }: Wish,
  diagnostics: readonly Diagnostic[],
  looked: (code: Code) => boolean,
  report: (code: Code, message: string, hint: string) => void,
): readonly Diagnostic[] {
  if (!isCode(code)) {
    const shown = looksSecret(code) ? 'that' : JSON.stringify(code)
    const meant = code.length <= 40 ? closest(code, Object.keys(CODES)) : undefined
    const hint = meant === undefined ? `${suggested('explain')} lists the codes` : `did you mean ${meant}?`
    report('SUPPRESSION_UNUSED', `${shown} is not a code of agw`, hint)
    return []
  }
  const here = diagnostics.filter(one => one.code === code && one.range.start.line === line)
  const hidden = here.filter(one => one.severity !== 'error')
  if (hidden.length > 0) return hidden
  if (stageOf(code) === 'scan') {
    const message = `${code} is found by \`agw keys scan\`, which reads other comments`
    report('SUPPRESSION_UNUSED', message, 'write `agw:allow` into a comment in the line of the key instead')
  } else if (here.length > 0 || CODES[code].severity === 'error') {
    const message = `${code} is an error, and errors cannot be ignored`
    report('SUPPRESSION_UNUSED', message, 'mend what it is about, then remove this comment')
  } else if (looked(code)) {
    const where = line === 0 ? ': no line follows' : ` in line ${line}`
    report('SUPPRESSION_UNUSED', `there is no ${code} to ignore${where}`, 'remove the comment')
  }
  return []
}

function wishesOf(document: ConfigDocument): Wish[] {
  const { text, lines } = document
  const comments = commentsOf(text)
  const alone = new Set<number>()
  for (const { start } of comments) {
    const { line, column } = lines.position(start)
    if (
      lines
        .line(line)
        .slice(0, column - 1)
        .trim() === ''
    )
      alone.add(line)
  }
  const next = nextLines(document, alone)
  return comments.flatMap(({ text: comment, start, end }): Wish[] => {
    const [, codes, reason = ''] = FORM.exec(comment) ?? []
    if (codes === undefined) return []
    const range = lines.range(start, end)
    const { line: own } = range.start
    const line = alone.has(own) ? (next.get(own) ?? own) : own
    const typed = codes.split(/[\s,]+/).filter(word => word !== '')
    return [{ codes: typed, reason: maskLine(reason.trim()), line, range }]
  })
}

/** Line with a comment alone → the next line with something else on it. */
function nextLines({ lines }: ConfigDocument, alone: ReadonlySet<number>): Map<number, number> {
  const next = new Map<number, number>()
  let below = 0
  for (let line = lines.count; line > 0; line -= 1) {
    if (alone.has(line)) next.set(line, below)
    else if (lines.line(line).trim() !== '') below = line
  }
  return next
}

function isCode(word: string): word is Code {
  return Object.hasOwn(CODES, word)
}
