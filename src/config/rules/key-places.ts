import type { PlaceRule } from './rule.ts'
import { isNode, isSet, keyAbove, listAt, type Node, pathOf, textAt } from './tree.ts'

/** `{key: …}` is read first and alone, so whatever stands beside the key has no effect. */
const droppedSiblings: PlaceRule = {
  keys: ['backendAuth', 'auth'],
  judge(place, { report }) {
    const auth = place.value
    if (!isNode(auth) || !isSet(auth['key'])) return
    const { key } = auth as { key: unknown }
    if (isNode(key) && 'value' in key) return
    const path = pathOf(place)
    const long = 'write the key as `key: { value: … }`'
    for (const sibling of Object.keys(auth)) {
      if (sibling === 'key') continue
      report({
        code: 'DROPPED_SIBLING',
        path: [...path, sibling],
        at: 'key',
        message: `${JSON.stringify(sibling)} beside a plain \`key\` has no effect: agentgateway reads the key and drops the rest`,
        hint: sibling === 'location' ? `${long} with \`location\` inside it` : long,
      })
    }
    if (isNode(key) && isSet(key['location'])) {
      report({
        code: 'DROPPED_SIBLING',
        path: [...path, 'key', 'location'],
        at: 'key',
        message: '"location" beside `file` has no effect: agentgateway reads the file and drops the rest',
        hint: 'write `key: { value: { file: … }, location: … }`',
      })
    }
  },
}

/** An expression can read a credential out of a request, but not put one in. */
const insertByExpression: PlaceRule = {
  keys: ['location'],
  judge(place, { report }) {
    if (!isNode(place.value) || !isSet(place.value['expression'])) return
    const path = pathOf(place)
    const auth = path.findLastIndex(step => step === 'backendAuth' || step === 'auth')
    if (auth === -1 || !/^(?:key|passthrough|jwtSign|credentials,\d+)$/.test(path.slice(auth + 1, -1).join()))
      return
    report({
      code: 'LOCATION_CANNOT_INSERT',
      path: [...path, 'expression'],
      message: 'an expression can read a credential but not insert one, so every call fails',
      hint: 'name a header, a query parameter or a cookie',
    })
  },
}

/** A header location has no prefix of its own, not even Authorization. */
const prefixLeftOut: PlaceRule = {
  keys: ['header'],
  judge(place, { report }) {
    const above = keyAbove(place)
    if (above !== 'location' && above !== 'authorizationLocation') return
    if (textAt(place.value, 'name')?.toLowerCase() !== 'authorization') return
    if (textAt(place.value, 'prefix') !== undefined) return
    report({
      code: 'AUTHORIZATION_WITHOUT_PREFIX',
      path: pathOf(place),
      message: 'without a prefix the header is the bare credential, with no "Bearer " in front of it',
      hint: 'add prefix: "Bearer " with its space, or leave the location out where that is the usual place',
    })
  },
}

/** The access log writes the path with its query. */
const clientKeyInQuery: PlaceRule = {
  keys: ['queryParameter'],
  judge(place, { report }) {
    const path = pathOf(place)
    const check = path.at(-3)
    if (check !== 'apiKey' && check !== 'jwtAuth' && check !== 'basicAuth' && check !== 'mcpAuthentication')
      return
    report({
      code: 'KEY_IN_QUERY',
      path,
      at: 'key',
      message: 'the access log holds each path with its query, and so the credential of each client',
      hint: 'let clients send it in a header',
    })
  },
}

const HEADER_READ = /headers(?:\.([a-z]\w*)|\[\s*["']([\w-]+)["']\s*\])/gi

/** A credential that an expression reads is not taken off the request: nobody knows where it stood. */
const clientKeyKept: PlaceRule = {
  keys: ['location'],
  judge(place, { data, report }) {
    const source = textAt(place.value, 'expression')
    if (source === undefined || place.parent?.key !== 'apiKey') return
    const names = [...source.matchAll(HEADER_READ)].map(([, field, quoted]) =>
      (field ?? quoted ?? '').toLowerCase(),
    )
    // A key for the backend takes the place of this header.
    const left = names.filter(name => name !== 'authorization' && !removes(data, name))
    if (left.length === 0) return
    report({
      code: 'CLIENT_KEY_NOT_REMOVED',
      path: [...pathOf(place), 'expression'],
      message: 'a key that an expression reads stays on the request, so the backend gets to see it',
      hint: 'name the header: {header: {name: …}}, or remove it with a requestHeaderModifier',
    })
  },
}

/** Whether any policy of the file drops a request header. */
function removes(tree: unknown, name: string): boolean {
  if (Array.isArray(tree)) return tree.some(one => removes(one, name))
  if (!isNode(tree)) return false
  return Object.entries(tree).some(
    ([key, value]) =>
      (key === 'remove' && listAt(value).some(one => String(one).toLowerCase() === name)) ||
      removes(value, name),
  )
}

/** Any certificate will do, so whoever is asked gets the key. */
const unverified: PlaceRule = {
  keys: ['backendTLS', 'tls'],
  judge(place, { report }) {
    const tls = place.value
    if (!isNode(tls)) return
    const lax = (['insecure', 'insecureHost'] as const).find(name => (tls as Node)[name] === true)
    if (lax === undefined) return
    report({
      code: 'TLS_UNVERIFIED',
      path: [...pathOf(place), lax],
      at: 'key',
      message:
        lax === 'insecure'
          ? 'any certificate is accepted, so anyone on the way can read what is sent, keys too'
          : 'a certificate of any other host is accepted too',
      hint: 'name the CA of the backend in `root`, and the name its certificate has in `hostname`',
    })
  },
}

export const KEY_PLACE_RULES: readonly PlaceRule[] = [
  droppedSiblings,
  insertByExpression,
  prefixLeftOut,
  clientKeyInQuery,
  clientKeyKept,
  unverified,
]
