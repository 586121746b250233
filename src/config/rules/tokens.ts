import type { Path } from '../diagnostic.ts'
import type { PlaceContext, PlaceRule } from './rule.ts'
import { isNode, isSet, listAt, type Node, nodesAt, pathOf, textAt, walk } from './tree.ts'
import { lineOf, shown } from './words.ts'

/** Tokens: those that their issuer has made for somebody else, and issuers whose tokens another one judges. */
const tokens: PlaceRule = {
  keys: ['jwtAuth'],
  judge(place, context) {
    if (!isNode(place.value)) return
    const path = pathOf(place)
    const providers = nodesAt(place.value, 'providers')
    const issuers = providers.map(([node, index]): Issuer => ({ node, path: [...path, 'providers', index] }))
    if (textAt(place.value, 'issuer') !== undefined) issuers.push({ node: place.value, path, at: 'key' })
    for (const issuer of issuers) judgeAudiences(issuer, context)
    for (const [index, issuer] of issuers.entries()) judgeKeys(issuer, issuers.slice(0, index), context)
  },
}

interface Issuer {
  readonly node: Node
  readonly path: Path
  readonly at?: 'key' | 'value'
}

function judgeAudiences({ node, path, at = 'value' }: Issuer, { data, report }: PlaceContext): void {
  if (listAt(node, 'audiences').length > 0 || rulesAskForAudience(data)) return
  report({
    code: 'TOKEN_FOR_OTHERS',
    path: isSet(node['audiences']) ? [...path, 'audiences'] : path,
    at,
    message: 'no audience is asked for: a token that this issuer has made for any other service is good here',
    hint: 'add `audiences` with what the issuer calls this gateway, as in audiences: [agw]',
  })
}

const RULES = new Map(['authorization', 'mcpAuthorization'].map(key => [key, key]))

function rulesAskForAudience(data: Node): boolean {
  let found = false
  walk(data, RULES, ({ value }) => {
    found ||= /\bjwt(?:\.|\[\\?["'])aud\b/.test(JSON.stringify(value))
  })
  return found
}

/**
 * The key that a token names is looked for in the sets in their order, and the first provider that has it judges the token
 * by its own issuer and audiences.
 */
function judgeKeys(
  { node, path }: Issuer,
  before: readonly Issuer[],
  { document, report }: PlaceContext,
): void {
  for (const rival of before) {
    const isSame = textAt(node, 'issuer') === textAt(rival.node, 'issuer')
    const shared = sharedKey(node['jwks'], rival.node['jwks'])
    if (!isSame && shared === undefined) continue
    const other = `the provider in ${lineOf(document, rival.path)}`
    return report({
      code: 'TOKEN_ISSUER_HIDDEN',
      path: [...path, shared === undefined ? 'issuer' : 'jwks'],
      message:
        shared === undefined
          ? `${other} is for the same issuer: a token whose key both sets have is judged by that one alone`
          : `${other} has ${shared} too: their tokens are judged by that one alone, its issuer and its audiences`,
      hint: isSame
        ? 'make one provider of the two, with the audiences of both'
        : 'let each issuer have keys of its own (`kid`), or a route of its own',
    })
  }
}

/** What two key sets have in common, in words; sets behind a URL or in a file are not looked into. */
function sharedKey(one: unknown, other: unknown): string | undefined {
  for (const place of ['url', 'file'])
    if (textAt(one, place) !== undefined && textAt(one, place) === textAt(other, place)) return 'these keys'
  const known = keyIds(other)
  const kid = keyIds(one).find(id => known.includes(id))
  return kid === undefined ? undefined : `the key ${shown(kid, 'of this name')}`
}

function keyIds(jwks: unknown): string[] {
  if (typeof jwks !== 'string') return []
  try {
    return listAt(JSON.parse(jwks), 'keys').flatMap(key => textAt(key, 'kid') ?? [])
  } catch {
    return []
  }
}

export const TOKEN_RULES: readonly PlaceRule[] = [tokens]
