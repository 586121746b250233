import type { PlaceRule, Report } from './rule.ts'
import { isNode, keyAbove, type Node, nodeAt, nodesAt, pathOf, textAt, valueAt } from './tree.ts'
import { shown } from './words.ts'

type Path = (string | number)[]

/** Matches that no request can meet. */
const never: PlaceRule = {
  keys: ['matches'],
  judge(place, { report }) {
    const path = pathOf(place)
    for (const [match, index] of nodesAt(place.value)) {
      const at = [...path, index]
      judgePath(nodeAt(match, 'path'), [...at, 'path'], report)
      judgeMethod(match, at, report)
      for (const list of ['headers', 'query']) {
        for (const [one, which] of nodesAt(match, list)) {
          judgeRegex(textAt(one, 'value', 'regex'), [...at, list, which, 'value', 'regex'], report)
          if (list === 'headers') judgeHeader(one, [...at, list, which], true, report)
        }
      }
    }
  },
}

function judgePath(path: Node | undefined, at: Path, report: Report): void {
  judgeRegex(textAt(path, 'regex'), [...at, 'regex'], report)
  for (const kind of ['exact', 'pathPrefix']) {
    const text = valueAt(path, kind)
    if (typeof text !== 'string' || (kind === 'pathPrefix' && text === '')) continue
    const sign = /[?#]/.exec(text)?.[0]
    if (sign !== undefined) {
      report({
        code: 'MATCH_NEVER',
        path: [...at, kind],
        message: `no path has a ${sign} in it, so this matches nothing`,
        hint:
          sign === '?' ? 'write the path alone, and what follows the ? as `query`' : 'write the path alone',
      })
    } else if (!text.startsWith('/')) {
      report({
        code: 'MATCH_NEVER',
        path: [...at, kind],
        message: 'every path starts with a /, so this matches nothing',
        hint: /^https?:/.test(text)
          ? 'write the path alone, and the host in `hostnames`'
          : 'put a / in front; for a pattern, write `regex`',
      })
    } else if (text.endsWith('*')) {
      report({
        code: 'MATCH_NEVER',
        path: [...at, kind],
        message: 'a star stands for itself here, so this matches no path that clients ask for',
        hint: `write pathPrefix: ${shown(text.replace(/\/?\*+$/, '') || '/', 'the path without it')}, which takes everything below`,
      })
    }
  }
}

function judgeMethod(match: Node, at: Path, report: Report): void {
  const method = textAt(match, 'method')
  if (method === undefined || method === method.toUpperCase()) return
  report({
    code: 'MATCH_NEVER',
    path: [...at, 'method'],
    message: 'methods are compared letter by letter, and clients send capitals',
    hint: `write ${shown(method.toUpperCase(), 'it in capitals')}`,
  })
}

/** Headers that no request has when its route is looked for. */
function judgeHeader(header: Node, at: Path, isOfRoute: boolean, report: Report): void {
  const name = textAt(header, 'name')?.toLowerCase()
  if (name === 'host') {
    const authority = 'name: ":authority", which has the port in it, too'
    report({
      code: 'MATCH_NEVER',
      path: [...at, 'name'],
      message: 'the host is taken out of the headers before they are looked at, so this matches nothing',
      hint: isOfRoute
        ? `write the host in \`hostnames\` of the route, or ${authority}`
        : `write ${authority}`,
    })
  } else if (name === ':status') {
    report({
      code: 'MATCH_NEVER',
      path: [...at, 'name'],
      message: 'a request has no status, so this matches nothing',
      hint: 'leave it out',
    })
  }
}

/** The headers an `llm` model is chosen by. */
const modelHeaders: PlaceRule = {
  keys: ['headers'],
  judge(place, { report }) {
    if (keyAbove(place) !== 'matches' || pathOf(place)[0] !== 'llm') return
    for (const [one, index] of nodesAt(place.value)) {
      const path = [...pathOf(place), index]
      judgeRegex(textAt(one, 'value', 'regex'), [...path, 'value', 'regex'], report)
      judgeHeader(one, path, false, report)
    }
  },
}

/** The first match counts, from the left, and it must span the whole text: what is shorter hides what is longer. */
function judgeRegex(regex: string | undefined, path: Path, report: Report): void {
  if (regex === undefined) return
  const words = regex.split('|')
  const hidden = words.every(word => /^[\w\-/.~%@: ]*$/.test(word))
    ? words.some((word, index) =>
        words.slice(0, index).some(earlier => word !== earlier && word.startsWith(earlier)),
      )
    : false
  if (hidden) {
    report({
      code: 'REGEX_SPAN',
      path,
      message:
        'the first alternative that fits is taken and must span the whole text, so it hides a longer one after it',
      hint: 'put the longer alternative first, or write ^(?:…)$ around them all',
    })
  } else if (/[^\\][*+?]\?$/.test(regex)) {
    report({
      code: 'REGEX_SPAN',
      path,
      message:
        'it ends in a lazy repetition, which takes as little as it can and so hardly ever spans the whole text',
      hint: 'leave the last ? out, or put $ at the end',
    })
  }
}

/** A rewritten prefix takes the place of the one that matched. */
const prefixRewrite: PlaceRule = {
  keys: ['urlRewrite', 'requestRedirect'],
  judge(place, { report }) {
    if (typeof valueAt(place.value, 'path', 'prefix') !== 'string' || keyAbove(place) !== 'policies') return
    const route = place.parent?.parent?.value
    if (!isNode(route) || !Array.isArray(route['matches'])) return
    const other = nodesAt(route['matches']).find(([match]) => {
      const path = nodeAt(match, 'path')
      return path !== undefined && typeof path['pathPrefix'] !== 'string'
    })
    if (other === undefined) return
    report({
      code: 'PREFIX_REWRITE',
      path: [...pathOf(place), 'path', 'prefix'],
      message: `matches[${other[1]}] has no pathPrefix that this prefix could replace, so its requests end in an error`,
      hint: 'match by pathPrefix, or write path: {full: …}',
    })
  },
}

export const MATCH_RULES: readonly PlaceRule[] = [never, modelHeaders, prefixRewrite]
