import type { ConfigDocument } from '../document.ts'
import type { VariableUse } from '../expand.ts'
import { looksSecret } from '../shown-word.ts'
import type { KeySlot } from '../slots.ts'
import type { PlaceContext } from './rule.ts'

/** Values that mean the same wherever they stand: letters, digits and signs that YAML does not look at. */
const HARMLESS = /^(?!null$|Null$|NULL$)[A-Za-z0-9_./+][A-Za-z0-9_./+@=;()~^$<>:-]*(?<!:)$/
/** Characters in front of a variable on its line. */
const LONGEST_LINE = 10_000
/** What may stand in front of a plain value on its line. */
const VALUE_STARTS = /(?:^\s*|:\s+|[[{,]\s*)(?:-\s+)*$/

/**
 * Variables whose value is not what it would be in quotes: agentgateway puts it into the text before YAML is read, so
 * that `: `, ` #` and line breaks in it count.
 */
function changesYaml({ document, report }: PlaceContext): void {
  const blocks = /[|>][-+\d]*[ \t]*(?:#.*)?\r?\n/.test(document.text)
  for (const use of document.variables) {
    const value = document.valueOf(use)
    if (value === undefined || value === '' || HARMLESS.test(value)) continue
    // Rather nothing is said than that each of a million variables in a line is looked for in all of it.
    if (document.lines.position(use.start).column > LONGEST_LINE) continue
    const { quote, comment, before } = surroundings(document.text, use.start)
    if (comment) continue
    const after = /^[^\n\r]*/.exec(document.text.slice(use.end))?.[0] ?? ''
    const problem =
      blocks && isInBlock(document, use.start)
        ? inBlock(value)
        : quote === ''
          ? inPlainValue(value, before, after)
          : inQuotes(value, quote)
    if (problem === undefined) continue
    report({
      code: 'VARIABLE_CHANGES_YAML',
      path: [],
      span: { start: use.start, end: use.end },
      message: `the value of ${nameOf(use)} ${problem}`,
      hint:
        quote === '' ? `put it in quotes: ${quoted(use)}` : 'change the value, or put the secret into a file',
    })
  }
}

/** A default is text of the file, and may be a secret. */
function quoted(use: VariableUse): string {
  return use.fallback === undefined ? `"$${nameOf(use)}"` : `"\${${nameOf(use)}:-…}"`
}

function nameOf({ name }: VariableUse): string {
  return name.length > 60 || looksSecret(name) ? '…' : name
}

function inBlock(value: string): string | undefined {
  return /[\n\r]/.test(value) ? 'has a line break in it, which ends the block of text around it' : undefined
}

function inPlainValue(value: string, before: string, after: string): string | undefined {
  if (/[\n\r]/.test(value))
    return 'has a line break in it, after which YAML reads on as if it were another line'
  if (/\s#|^#/.test(value)) return 'has a # in it, and YAML takes the rest of it for a comment'
  if (/:(?:\s|$)/.test(value)) return 'has a colon in it, and YAML reads a key there'
  const brackets = before.replace(/"[^"]*"|'[^']*'/g, '').replace(/[^[\]{}]/g, '')
  if (/[[{][^\]}]*$/.test(brackets) && /[,[\]{}]/.test(value)) {
    return 'has a comma or bracket in it, which counts inside brackets'
  }
  if (!VALUE_STARTS.test(before)) return undefined
  if (/^(?:[*&!%@`[{}|>'"\]]|[-?]\s)/.test(value))
    return 'starts with a character that means something else in YAML'
  return /^(?:null|Null|NULL|~)$/.test(value) && /^\s*(?:$|[,}\]]|\s#)/.test(after)
    ? 'is a word that YAML reads as nothing at all'
    : undefined
}

/** How far up the start of a block of text is looked for. Lines. */
const FARTHEST = 200

/** Inside a text that starts with | or > on a line further up. */
function isInBlock({ lines }: ConfigDocument, offset: number): boolean {
  const number = lines.position(offset).line
  let least = indentOf(lines.line(number))
  for (let above = number - 1; above > 0 && least > 0; above -= 1) {
    // Rather nothing is said than something wrong.
    if (number - above > FARTHEST) return true
    const line = lines.line(above)
    if (line.trim() === '' || indentOf(line) >= least) continue
    if (/(?:^|[\s:-])[|>][-+\d]*\s*(?:#.*)?$/.test(line)) return true
    least = indentOf(line)
  }
  return false
}

function indentOf(line: string): number {
  return /^ */.exec(line)?.[0].length ?? 0
}

function inQuotes(value: string, quote: string): string | undefined {
  if (/[\n\r]/.test(value)) return 'has a line break in it, which YAML turns into a space'
  if (value.includes(quote)) return 'has a quote in it that ends the text around it'
  return quote === '"' && value.includes('\\')
    ? 'has a backslash in it, which YAML takes for an escape'
    : undefined
}

/** Whether an offset lies in a comment or in quotes, and what stands in front of it on its line. */
function surroundings(text: string, offset: number): { quote: string; comment: boolean; before: string } {
  const start = text.lastIndexOf('\n', offset - 1) + 1
  const before = text.slice(start, offset)
  let quote = ''
  for (let at = 0; at < before.length; at += 1) {
    const c = before.charAt(at)
    const previous = before.charAt(at - 1)
    if (quote === '"' && c === '\\') at += 1
    else if (quote !== '') quote = c === quote ? '' : quote
    else if ((c === '"' || c === "'") && /^$|[\s:[{,-]/.test(previous)) quote = c
    else if (c === '#' && /^$|\s/.test(previous)) return { quote, comment: true, before }
  }
  return { quote, comment: false, before }
}

/** Variables that are set to nothing: `:-default` does not help there, and an unquoted one makes the value null. */
function isEmpty({ document, report }: PlaceContext, slots: () => readonly KeySlot[]): void {
  for (const use of document.variables) {
    if (document.valueOf(use) !== '' || use.fallback === '') continue
    // An empty key is a finding of its own.
    if (slots().some(slot => slot.variable === use.name)) continue
    if (document.lines.position(use.start).column > LONGEST_LINE) continue
    if (surroundings(document.text, use.start).comment) continue
    report({
      code: 'VARIABLE_EMPTY',
      path: [],
      span: { start: use.start, end: use.end },
      message: `the variable ${nameOf(use)} is set, but empty`,
      hint:
        use.fallback === undefined
          ? `give ${nameOf(use)} a value`
          : `give ${nameOf(use)} a value, or unset it: the default is for variables that are not set`,
    })
  }
}

/** Rules on the text around variables. `slots` are known where the shape is sound. */
export const VARIABLE_RULES: readonly ((context: PlaceContext, slots: () => readonly KeySlot[]) => void)[] = [
  changesYaml,
  isEmpty,
]
