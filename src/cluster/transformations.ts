import { isNode, listAt } from '../config/rules/tree.ts'
import { unwritten } from './unwritten.ts'
import {
  conditional,
  expression,
  headerExpression,
  isHeaderName,
  MOST_ITEMS,
  namedList,
  type Words,
} from './words.ts'

const PSEUDO = new Set([':authority', ':method', ':path', ':scheme', ':status'])

/** `transformations` as `transformation` of a policy; nothing where it changes nothing. */
export function transformationWords(value: unknown): Words | undefined {
  const entries = listAt(value, 'conditional')
  const words = entries.length > 0 ? { conditional: conditional(entries, sides) } : sides(value)
  return Object.keys(words).length === 0 ? undefined : { transformation: words }
}

function sides(value: unknown): Words {
  const words: Record<string, Words> = {}
  for (const side of ['request', 'response'] as const) {
    const change = isNode(value) && isNode(value[side]) ? changeWords(value[side]) : {}
    if (Object.keys(change).length > 0) words[side] = change
  }
  return words
}

function changeWords(change: Words): Words {
  const { add, set, remove, replace, body, metadata } = change
  if (replace !== undefined && replace !== null) unwritten('the controller has no word for replace')
  const removed = Array.isArray(remove) ? [...new Set(remove.map(String))] : []
  if (removed.length > MOST_ITEMS || !removed.every(isName))
    unwritten('the controller does not take its list of headers to remove')
  const named = Object.entries(isNode(metadata) ? metadata : {})
  if (named.length > MOST_ITEMS) unwritten(`it has more than ${MOST_ITEMS} values of metadata`)
  const lists = {
    add: namedList(add, headerExpression, isName),
    set: namedList(set, headerExpression, isName),
  }
  return {
    ...(lists.add.length > 0 && { add: lists.add }),
    ...(lists.set.length > 0 && { set: lists.set }),
    ...(removed.length > 0 && { remove: removed }),
    ...(body !== undefined && body !== null && { body: expression(body) }),
    ...(named.length > 0 && {
      metadata: Object.fromEntries(named.map(([name, text]) => [name, expression(text)])),
    }),
  }
}

function isName(name: unknown): name is string {
  return isHeaderName(name) || PSEUDO.has(String(name))
}
