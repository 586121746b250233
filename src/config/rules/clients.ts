import { hash as hashText } from 'node:crypto'
import { isGuessable } from '../guessable.ts'
import type { PlaceContext, PlaceRule } from './rule.ts'
import {
  isNode,
  isSet,
  keyAbove,
  listAt,
  type Node,
  nodeAt,
  nodesAt,
  type Place,
  pathOf,
  textAt,
  valueAt,
} from './tree.ts'
import { lineOf } from './words.ts'

const CREDENTIAL: Readonly<Record<string, string>> = {
  apiKey: 'a key',
  basicAuth: 'a password',
  jwtAuth: 'a token',
}

/** A check that lets requests without a credential pass, because nobody said otherwise. */
const optionalByDefault: PlaceRule = {
  keys: Object.keys(CREDENTIAL),
  judge(place, { report, data }) {
    const check = place.value
    if (!isNode(check) || !isCheck(place) || isSet(check['mode']) || decidesElsewhere(place, data)) return
    report({
      code: 'AUTH_OPTIONAL',
      path: pathOf(place),
      at: 'key',
      message: `without a mode this check is optional: requests without ${CREDENTIAL[String(place.key)]} pass`,
      hint: 'add mode: strict',
    })
  },
}

/** A check that refuses nobody. */
const permissive: PlaceRule = {
  keys: [...Object.keys(CREDENTIAL), 'mcpAuthentication'],
  judge(place, { report }) {
    if (!isCheck(place) || valueAt(place.value, 'mode') !== 'permissive') return
    report({
      code: 'AUTH_PERMISSIVE',
      path: [...pathOf(place), 'mode'],
      message: 'this check refuses nobody: requests with no credential or a wrong one pass too',
      hint: 'write mode: strict, unless authorization rules decide',
    })
  },
}

function isCheck({ value }: Place): boolean {
  return isNode(value) && ['keys', 'issuer', 'providers', 'htpasswd'].some(key => isSet(value[key]))
}

/** What refuses requests, or cannot send them on without the credential. */
const DECIDING = ['authorization', 'mcpAuthorization', 'extAuthz']
const NEEDING_TOKEN = ['passthrough', 'oauthTokenExchange', 'crossAppAccess']

function decides(policies: unknown): boolean {
  if (!isNode(policies)) return false
  const auth = policies['backendAuth']
  return (
    DECIDING.some(key => isSet(policies[key])) ||
    (isNode(auth) && NEEDING_TOKEN.some(key => isSet(auth[key])))
  )
}

/** Rules or a service beside the check, or one level above or below it, may refuse what it lets pass. */
function decidesElsewhere(place: Place, data: Node): boolean {
  for (let at = place.parent; at !== undefined; at = at.parent) {
    if (isNode(at.value) && (decides(at.value) || decides(at.value['policies']))) return true
  }
  return (
    // Which places they apply to is not followed.
    nodesAt(data, 'policies').some(([one]) => decides(one['policy'])) ||
    gatewaysDecide(data) ||
    ['routes', 'llm', 'binds'].some(name => authorizesBelow(place, data[name]))
  )
}

function gatewaysDecide(data: Node): boolean {
  return Object.values(nodeAt(data, 'gateways') ?? {}).some(
    gateway => decides(gateway) || nodesAt(gateway, 'listeners').some(([listener]) => decides(listener)),
  )
}

/** Routes below a listener may have rules of their own; looked for only where the check stands above routes. */
function authorizesBelow(place: Place, section: unknown): boolean {
  const above = keyAbove(place)
  const path = pathOf(place)
  const onListener =
    path[0] === 'gateways' || path[0] === 'policies' || (path[0] === 'binds' && !path.includes('routes'))
  if (!onListener || above === undefined) return false
  return nodesAt(section).some(([one]) => authorizes(one)) || (isNode(section) && authorizes(section))
}

function authorizes(node: Node): boolean {
  if (decides(node['policies'])) return true
  return ['listeners', 'routes', 'models'].some(name =>
    nodesAt(node, name).some(([one]) => isSet(one['authorization']) || authorizes(one)),
  )
}

/** Virtual keys: those in plain text, those given twice, those that may use nothing. */
const virtualKeys: PlaceRule = {
  keys: ['apiKey'],
  judge(place, context) {
    if (!isNode(place.value)) return
    const path = pathOf(place)
    const first = new Map<string, number>()
    for (const [entry, index] of nodesAt(place.value, 'keys')) {
      const at = [...path, 'keys', index]
      const hash = hashOf(entry)
      const known = hash === undefined ? undefined : first.get(hash)
      if (known !== undefined) {
        context.report({
          code: 'DUPLICATE_VIRTUAL_KEY',
          path: at,
          message: `the same key stands in ${lineOf(context.document, [...path, 'keys', known])} already, and this entry replaces that one`,
          hint: 'remove one of the two entries',
        })
      } else if (hash !== undefined) first.set(hash, index)
      judgeVirtualKey(entry, at, context)
    }
  },
}

const IN_CLEAR = {
  message: 'the key of a client stands in the config in plain text: whoever reads the file can use it',
  hint: '`agw validate --fix` writes its hash in its place; clients go on sending the key itself',
}
const GUESSABLE = {
  message:
    'the key of a client stands in the config in plain text, and is so short that it could be guessed, by its hash too',
  hint: 'make a new one with `agw clients add NAME`, give it to the client, and remove this one',
}

function judgeVirtualKey(entry: Node, path: (string | number)[], { document, report }: PlaceContext): void {
  const key = textAt(entry, 'key')
  if (key !== undefined && document.variablesAt([...path, 'key']).length === 0) {
    report({
      code: 'PLAIN_VIRTUAL_KEY',
      path: [...path, 'key'],
      ...(isGuessable(key) ? GUESSABLE : IN_CLEAR),
    })
  }
  const models = entry['allowedModels']
  if (Array.isArray(models) && models.length === 0) {
    report({
      code: 'NO_MODEL_ALLOWED',
      path: [...path, 'allowedModels'],
      message: 'an empty list allows no model at all, so every request with this key is refused',
      hint: 'name the models, write ["*"], or remove allowedModels to allow all',
    })
  }
  for (const [index, model] of listAt(entry, 'allowedModels').entries()) {
    const problem =
      typeof model === 'string' ? patternProblem(model, listAt(entry, 'allowedModels').length) : undefined
    if (problem === undefined) continue
    report({
      code: 'BAD_MODEL_NAME',
      path: [...path, 'allowedModels', index],
      message: problem,
      hint: 'write names, prefix* or *suffix, or ["*"] alone',
    })
  }
}

function patternProblem(model: string, entries: number): string | undefined {
  if (model === '') return 'allowedModels takes no empty name'
  if (model === '*') return entries > 1 ? '"*" cannot stand beside other models' : undefined
  const stars = model.split('*').length - 1
  const sound = stars === 0 || (stars === 1 && (model.startsWith('*') || model.endsWith('*')))
  return sound ? undefined : 'an allowed model takes at most one star, at its start or its end'
}

/** What agentgateway compares keys by. */
function hashOf(entry: Node): string | undefined {
  const hash = textAt(entry, 'keyHash')
  if (hash !== undefined) return hash.toLowerCase()
  const key = textAt(entry, 'key')
  return key === undefined ? undefined : `sha256:${hashText('sha256', key)}`
}

export const CLIENT_RULES: readonly PlaceRule[] = [optionalByDefault, permissive, virtualKeys]
