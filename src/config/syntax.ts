import { type Document, isCollection, isMap, isScalar, isSeq, type YAMLError, type YAMLMap } from 'yaml'
import { suggested } from '../suggested.ts'
import type { Path, Position } from './diagnostic.ts'
import { Layout } from './indentation.ts'
import { missingComma, tabsOf } from './misread.ts'
import { conflictMarkers, openEnds } from './open-ends.ts'
import { keyText } from './yaml-reading.ts'

/** A finding of the YAML reader; offsets are into the expanded text. */
export interface SyntaxFinding {
  readonly code: string
  readonly message: string
  readonly hint: string
  readonly path: Path
  readonly start: number
  readonly end: number
  /** Where the place may have been meant to stand under, the likelier first: said before the hint. */
  readonly alignedWith?: readonly number[]
  /** Where the same stands first: said behind the message. */
  readonly first?: number
  /** The place in a text that was not read. */
  readonly at?: Pick<Position, 'line' | 'column'>
}

/**
 * The YAML library's errors in our words. Its own messages quote the text around the error, which may be a secret, so
 * they are never shown: only codes, positions and, of brackets, the form of the message are used.
 */
const WORDS: Readonly<Record<string, readonly [message: string, hint: string]>> = {
  BAD_ALIAS: [
    'this alias (*name) refers to no anchor (&name) above it',
    'quote the value if the star is meant literally',
  ],
  BAD_DQ_ESCAPE: [
    'this backslash sequence is not one that YAML knows',
    'use single quotes, or write the backslash twice',
  ],
  BAD_INDENT: [
    'the indentation does not fit the lines around it',
    'indent the keys of one map by the same number of spaces',
  ],
  BAD_SCALAR_START: ['a plain value cannot start with this character', 'put the value in double quotes'],
  BLOCK_AS_IMPLICIT_KEY: [
    'a nested "key: value" stands where one value is expected',
    'quote the value, or move the nested keys to lines of their own',
  ],
  BLOCK_IN_FLOW: [
    'an indented block stands inside brackets',
    'close the bracket first, or write the whole value in brackets',
  ],
  MISSING_CHAR: [
    'a closing quote, bracket, comma or space is missing here',
    'look at the quotes and brackets of this line and the one before it',
  ],
  MULTILINE_IMPLICIT_KEY: [
    'a key must stand on one line, followed by a colon',
    'look for a missing colon after the key',
  ],
  MULTIPLE_DOCS: ['the file holds several YAML documents (---)', 'keep one document a file'],
  TAB_AS_INDENT: ['a tab is used to indent', 'indent with spaces'],
  UNEXPECTED_TOKEN: [
    'this is not expected here',
    'look at the quotes, brackets and dashes of this line and the one before it',
  ],
}

/** After so many mistakes the rest are but counted: most follow from the first. */
const MOST = 50

export function syntaxFindings(yaml: Document, text: string): SyntaxFinding[] {
  const conflict = yaml.errors.length > 0 ? conflictMarkers(text) : undefined
  if (conflict !== undefined) return [broken(conflict)]
  const found = [
    ...firstOf(yaml, text),
    ...foreignTags(yaml, text),
    ...foreignDirectives(yaml),
    ...controlCharacters(text),
    ...duplicateKeys(yaml),
  ]
  if (found.length > 0) return found
  const { contents } = yaml
  if (contents === null || text.trim() === '' || (isScalar(contents) && contents.value === null)) {
    return [
      {
        code: 'EMPTY_CONFIG',
        message: 'the file holds no configuration',
        hint: `write one with ${suggested('init')}`,
        path: [],
        start: 0,
        end: 0,
      },
    ]
  }
  return []
}

function broken(cause: Pick<SyntaxFinding, 'message' | 'hint' | 'start' | 'end'>): SyntaxFinding {
  return { code: 'YAML_SYNTAX', path: [], ...cause }
}

/**
 * The first that is said of a place, be it where the library met a mistake or where it was made; an open quote makes the
 * library say several things of the end of the file.
 */
function firstOf(yaml: Document, text: string): SyntaxFinding[] {
  const openEnd = openEnds(yaml)
  const layout = new Layout(text)
  const followsFromTab = tabsOf(yaml, text)
  const findings: SyntaxFinding[] = []
  const places = new Set<number>()
  let next: SyntaxFinding | undefined
  let rest = 0
  for (const error of yaml.errors) {
    const [met] = error.pos
    if (places.has(met)) continue
    places.add(met)
    if (next !== undefined) {
      rest += 1
      continue
    }
    if (followsFromTab(error)) continue
    const open = openEnd(error)
    const comma = open ? undefined : missingComma(error, text)
    const finding = open
      ? broken(open)
      : comma
        ? broken(comma)
        : (layoutFinding(error, layout) ?? findingOf(error, text))
    if (finding.start !== met && places.has(finding.start)) continue
    places.add(finding.start)
    // The library meets the end of the stack again on its way out; and nothing is as it stands in the text after that,
    // nor after a comma that is missing.
    if (finding.code === 'TOO_DEEP' || comma !== undefined) return [...findings, finding]
    if (findings.length < MOST) findings.push(finding)
    else next = finding
  }
  if (next === undefined) return findings
  const message = `${rest + 1} more mistakes from here on are not listed`
  return [
    ...findings,
    { ...next, message, hint: 'mend those above first: most of the rest follow from them' },
  ]
}

/** Tags of one's own, as in `!env NAME`: the library reads on as if they were not there, agentgateway does not. */
function foreignTags(yaml: Document, text: string): SyntaxFinding[] {
  return yaml.warnings
    .filter(({ code, pos }) => code === 'TAG_RESOLVE_FAILED' && /^![^!]/.test(text.slice(pos[0], pos[0] + 2)))
    .slice(0, MOST)
    .map(({ pos: [start, end] }) => ({
      code: 'YAML_SYNTAX',
      message: 'this is a tag, and the format has none',
      hint: 'remove it: a variable is "$NAME", a file {file: path}; put a text that begins with ! in quotes',
      path: [],
      start,
      end,
    }))
}

/** Lines that begin with a percent sign: the library only warns of a version or a word that it does not know. */
function foreignDirectives(yaml: Document): SyntaxFinding[] {
  return yaml.warnings
    .filter(({ code }) => code === 'BAD_DIRECTIVE')
    .slice(0, MOST)
    .map(({ pos: [start, end] }) => ({
      code: 'YAML_SYNTAX',
      message:
        'agentgateway knows no such line in front of a document: it takes %YAML 1.1, %YAML 1.2 and %TAG',
      hint: 'remove the line; put a text that begins with % in quotes',
      path: [],
      start,
      end,
    }))
}

/** What YAML takes nowhere, comments included, though the library does; but for a byte order mark at the start. */
const UNPRINTABLE = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ufeff\ufffe\uffff]/g

function controlCharacters(text: string): SyntaxFinding[] {
  const found: SyntaxFinding[] = []
  for (const { index: start } of text.matchAll(UNPRINTABLE)) {
    if (found.length === MOST) break
    if (start === 0 && text.startsWith('\ufeff')) continue
    found.push({
      code: 'YAML_SYNTAX',
      message: `the character U+${text.charCodeAt(start).toString(16).toUpperCase().padStart(4, '0')} is none that YAML takes`,
      hint: 'remove it; in double quotes it can be written as \\x and its number, as in "\\x1b"',
      path: [],
      start,
      end: start + 1,
    })
  }
  return found
}

/** Keys given twice. The library compares each key of a map with all before it, which takes minutes for a long map. */
export function duplicateKeys(yaml: Document): SyntaxFinding[] {
  const found: SyntaxFinding[] = []
  const open: unknown[] = [yaml.contents]
  while (open.length > 0) {
    const node = open.pop()
    if (isMap(node)) {
      addDuplicates(node, found)
      for (const { key, value } of node.items) {
        if (isCollection(key)) open.push(key)
        if (isCollection(value)) open.push(value)
      }
    } else if (isSeq(node)) {
      for (const item of node.items) if (isCollection(item)) open.push(item)
    }
  }
  return found.sort((a, b) => a.start - b.start)
}

function addDuplicates(map: YAMLMap, found: SyntaxFinding[]): void {
  if (map.items.length < 2) return
  const seen = new Map<string, number>()
  for (const { key } of map.items) {
    if (!isScalar(key)) continue
    const [start, end] = key.range ?? [0, 0]
    // A number and the same in quotes are one key.
    const first = seen.get(keyText(key))
    if (first === undefined) {
      seen.set(keyText(key), start)
      continue
    }
    const message = 'this key stands in the same map already'
    found.push({ code: 'DUPLICATE_KEY', message, hint: 'keep one of the two', path: [], start, end, first })
  }
}

/** What the library says where lines do not fit together; of MISSING_CHAR, the forms that are not of quotes and brackets. */
function isOfLayout({ code, message }: YAMLError): boolean {
  if (code === 'MISSING_CHAR') return /^(?:Sequence item without -|Implicit map key)/.test(message)
  return ['BAD_INDENT', 'BLOCK_AS_IMPLICIT_KEY', 'MULTILINE_IMPLICIT_KEY'].includes(code)
}

function layoutFinding(error: YAMLError, layout: Layout): SyntaxFinding | undefined {
  if (!isOfLayout(error)) return undefined
  const base = { code: 'YAML_SYNTAX', path: [] }
  const space = layout.missingSpaceAt(error.pos[0])
  if (space !== undefined) {
    const { start, after } = space
    const message = `a space is missing after this ${after}`
    return { ...base, message, hint: 'put a space after it', start, end: start + 1 }
  }
  const wrong = layout.misindentedAt(error.pos[0])
  if (wrong === undefined) return undefined
  const message = 'this line is indented neither like the lines above it nor below them'
  return { ...base, message, hint: 'the keys of one map start at one column', ...wrong }
}

/** Manifests are files of several documents, and lie beside the config that they were made from. */
function isManifest(text: string): boolean {
  return /^apiVersion:/m.test(text) && /^kind:/m.test(text)
}

function findingOf(error: YAMLError, text: string): SyntaxFinding {
  const [start, end] = error.pos
  if (error.code === 'MULTIPLE_DOCS' && isManifest(text)) {
    const message = 'these are manifests of Kubernetes, no config of agentgateway'
    const hint = 'name the config that they were made from, as in config.yaml'
    return { code: 'YAML_SYNTAX', message, hint, path: [], start: 0, end: 0 }
  }
  if (error.code === 'RESOURCE_EXHAUSTION') {
    return {
      code: 'TOO_DEEP',
      message: 'the file is nested too deeply to be read',
      hint: 'a config is a few dozen levels deep at most: look for a bracket that is never closed',
      path: [],
      start,
      end,
    }
  }
  const [message, hint] = WORDS[error.code] ?? [
    'this is not valid YAML',
    'look at the indentation, quotes and brackets of this line',
  ]
  return { code: 'YAML_SYNTAX', message, hint, path: [], start, end }
}
