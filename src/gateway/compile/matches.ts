import type { Path } from '../../config/diagnostic.ts'
import type { HeaderMatch, RouteMatch } from '../../config/schema.ts'
import { headerText } from '../headers/header-text.ts'
import { compilePattern, type Pattern } from '../regex/pattern.ts'
import { type Match, type PathMatch, trimPath, type ValueMatch } from '../routing/match.ts'
import { invalid } from './invalid.ts'

/** A regular expression of the config. */
export function compileRegex(written: string, path: Path): Pattern {
  try {
    return compilePattern(written)
  } catch {
    throw invalid(
      path,
      'this regular expression cannot be run here',
      'write it without operations on sets in brackets, boundaries other than \\b, rare Unicode classes, and counts above 1000',
    )
  }
}

type WrittenValue = HeaderMatch['value']

/** Undefined for the word `invalid`, which nothing matches. */
function valueMatch(value: WrittenValue, path: Path): ValueMatch | undefined {
  if (typeof value === 'string') return undefined
  if (value.regex !== undefined) return { regex: compileRegex(value.regex, [...path, 'regex']) }
  return { exact: value.exact ?? '' }
}

function pathMatch(match: RouteMatch['path'], path: Path): PathMatch | undefined {
  if (typeof match === 'string') return undefined
  if (match?.exact !== undefined) return { exact: match.exact }
  if (match?.regex !== undefined) {
    return { regex: compileRegex(match.regex, [...path, 'regex']), written: match.regex }
  }
  const prefix = match?.pathPrefix ?? '/'
  return { prefix: trimPath(prefix), written: prefix }
}

interface NamedValue {
  readonly name: string
  readonly value: WrittenValue
}

/** Undefined when one of them can never hold. */
export function valueMatches(
  entries: readonly NamedValue[],
  path: Path,
): { name: string; value: ValueMatch }[] | undefined {
  const matches: { name: string; value: ValueMatch }[] = []
  for (const [index, { name, value }] of entries.entries()) {
    const match = valueMatch(value, [...path, index, 'value'])
    if (match === undefined) return undefined
    matches.push({ name, value: match })
  }
  return matches
}

/** Names in lower case, and letters beyond ASCII as the bytes in which Node shows them. */
function headerMatches(
  entries: readonly NamedValue[],
  path: Path,
): { name: string; value: ValueMatch }[] | undefined {
  return valueMatches(entries, path)?.map(({ name, value }) => ({
    name: name.toLowerCase(),
    value: 'exact' in value ? { exact: headerText(value.exact) } : value,
  }))
}

/** The alternatives of a route; those that can never match are left out. */
export function compileMatches(matches: readonly RouteMatch[] | undefined, path: Path): Match[] {
  const compiled: Match[] = []
  for (const [index, match] of (matches ?? [{}]).entries()) {
    const here = [...path, index]
    const where = pathMatch(match.path, [...here, 'path'])
    const headers = headerMatches(match.headers ?? [], [...here, 'headers'])
    const query = valueMatches(match.query ?? [], [...here, 'query'])
    if (where === undefined || headers === undefined || query === undefined) continue
    compiled.push({ path: where, method: match.method, headers, query })
  }
  return compiled
}

/** The `matches` of an `llm` model: any of the lists, each with all of its headers. */
export function compileHeaderLists(
  lists: readonly { readonly headers?: readonly HeaderMatch[] | undefined }[],
  path: Path,
): { name: string; value: ValueMatch }[][] {
  const compiled: { name: string; value: ValueMatch }[][] = []
  for (const [index, { headers = [] }] of lists.entries()) {
    const list = headerMatches(headers, [...path, index, 'headers'])
    if (list !== undefined) compiled.push(list)
  }
  return compiled
}
