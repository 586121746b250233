import { isMaskedName, type LineRole, type MaskedLine, maskedLine, namesKeys, openQuote } from './mask.ts'
import type { LineIndex } from './position.ts'

/** What stands below a line: the rest of a secret, secrets or maps, clients, text that means nothing here, anything. */
type Below = 'secret' | 'secrets' | 'clients' | 'text' | 'any'

interface Level {
  /** The column (0-based) of the name that opened it. */
  readonly indent: number
  readonly below: Below
}

/** Spaces and dashes, a name in quotes or without, and what stands behind its colon. */
const ENTRY = /^([\s-]*)(?:"([\w-]+)"\s*:\s*|'([\w-]+)'\s*:\s*|([A-Za-z][\w-]*)\s*:(?:\s+|$))(.*)$/
const ITEM = /^\s*-(?:\s|$)/
/** An item of a list that is a text in the lines below it. */
const TEXT_ITEM = /^\s*-[\s-]*(?:[&!]\S*\s+)*[|>]/
/** Tags and anchors. */
const MARKS = /^(?:[&!]\S*\s*)*/
const NOTHING_OF_ITS_OWN = /^(?:#.*|[[{].*)?$/
/** No value begins so, or it is one of its own line: brackets, an alias, a map. */
const NO_VALUE = /^[\s-]*(?:[\]}[{*#,&].*)?$/

const rolesOf = new WeakMap<LineIndex, ReadonlyMap<number, LineRole>>()

/** A line (1-based) of a config as it may be shown, where it stands. */
export function maskedAt(lines: LineIndex, number: number): MaskedLine {
  const roles = rolesOf.get(lines) ?? lineRoles(lines)
  rolesOf.set(lines, roles)
  return maskedLine(lines.line(number), roles.get(number))
}

/** The roles of the lines of a text by their numbers (1-based); a line without one is its own. It need not be sound YAML. */
function lineRoles(lines: LineIndex): ReadonlyMap<number, LineRole> {
  const roles = new Map<number, LineRole>()
  const levels: Level[] = []
  let quote = ''
  for (let number = 1; number <= lines.count; number += 1) {
    const line = lines.line(number)
    if (quote !== '') {
      roles.set(number, 'secret')
      if (line.includes(quote)) quote = ''
      continue
    }
    const indent = line.search(/\S/)
    if (indent < 0 || isComment(line.charAt(indent), indent, levels.at(-1))) continue
    const below = levelOf(levels, indent, ITEM.test(line))
    if (below === 'text') continue
    if (below === 'secret') {
      roles.set(number, 'secret')
      continue
    }
    const entry = ENTRY.exec(line)
    if (entry === null) {
      if ((below === 'secrets' || below === 'clients') && !NO_VALUE.test(line)) roles.set(number, 'secret')
      else if (below === 'clients') roles.set(number, 'client')
      if (below !== 'any' && TEXT_ITEM.test(line)) levels.push({ indent, below: 'secret' })
      quote = openQuote(line)
      continue
    }
    if (below === 'clients') roles.set(number, 'client')
    const [, before = '', double, single, plain, rest = ''] = entry
    const name = double ?? single ?? plain ?? ''
    const isSecret = isMaskedName(name, below === 'clients') || (name === 'value' && below === 'secrets')
    levels.push({ indent: before.length, below: opened(name, isSecret, rest.replace(MARKS, '')) })
    if (NOTHING_OF_ITS_OWN.test(rest)) quote = openQuote(line)
  }
  return roles
}

/** Whether a line is a comment: it may stand in any column, and ends nothing. In a text of several lines it is a part of that. */
function isComment(first: string, indent: number, level: Level | undefined): boolean {
  const isText = level?.below === 'secret' || level?.below === 'text'
  return first === '#' && !(isText && indent > level.indent)
}

/** Where a line is by its indentation; what it is not part of any more is forgotten. */
function levelOf(levels: Level[], indent: number, isItem: boolean): Below {
  for (;;) {
    const level = levels.at(-1)
    if (level === undefined) return 'any'
    // A list may begin in the column of its name.
    const isBelow = isItem && level.below !== 'secret' ? indent >= level.indent : indent > level.indent
    if (isBelow) return level.below
    levels.pop()
  }
}

function opened(name: string, isSecret: boolean, rest: string): Below {
  // In the value of a header anything may stand.
  const hides = isSecret || name === 'value'
  if (/^[|>]/.test(rest)) return hides ? 'secret' : 'text'
  if (!NOTHING_OF_ITS_OWN.test(rest)) return hides ? 'secret' : 'any'
  if (namesKeys(name)) return 'clients'
  return isSecret ? 'secrets' : 'any'
}
