import type { Path } from '../diagnostic.ts'
import type { FileContext, FileRule } from './rule.ts'
import { isNode, isSet, keyAbove, listAt, nodesAt, type Place, pathOf, textAt, valueAt } from './tree.ts'
import { listed, meant, shown } from './words.ts'

/** Backends that agentgateway makes itself, by the names it gives them. */
const MADE = /^\/(?:mcp|ui|llm:.*|.*\/backend\d+)$/

/** References to backends, services and route groups that are not there. */
export const backendReferences: FileRule = context => {
  const { data } = context
  // What a control plane or a database adds is not known here.
  const elsewhere =
    ['xdsAddress', 'localXdsPath'].some(key => isSet(valueAt(data, 'config', key))) ||
    valueAt(data, 'config', 'storage', 'mode') === 'hybrid'
  for (const place of context.placesOf('backend')) judgeBackend(place, elsewhere, context)
  if (elsewhere) return
  for (const place of context.placesOf('service')) judgeService(place, context)
  for (const place of context.placesOf('routeGroup')) judgeGroup(place, context)
}

function judgeBackend(place: Place, elsewhere: boolean, { scene, report }: FileContext): void {
  const name = textAt(place.value)
  if (name === undefined || (keyAbove(place) === 'target' && pathOf(place)[0] === 'policies')) return
  if (scene.backends.has(name) || MADE.test(name)) return
  const path = pathOf(place)
  if (scene.backends.has(`/${name}`)) {
    report({
      code: 'BACKEND_WITHOUT_SLASH',
      path,
      message: 'agentgateway finds a backend only by its name with a slash in front, and answers 500 to this',
      hint: `write ${shown(`/${name}`, 'the name with a slash in front')}`,
    })
  } else if (!elsewhere) {
    const known = [...scene.backends.keys()]
    const otherwise = known.length === 0 ? 'add it to `backends`' : `there is: ${listed(known)}`
    report({
      ...unknown(name, 'backend'),
      path,
      hint: meant(name.startsWith('/') ? name : `/${name}`, known, otherwise),
    })
  }
}

function judgeService(place: Place, { data, report }: FileContext): void {
  const name = textAt(place.value, 'name')
  if (name === undefined || keyAbove(place) === 'target' || keyAbove(place) === 'backend') return
  const known = nodesAt(data, 'services').map(
    ([one]) => `${textAt(one, 'namespace')}/${textAt(one, 'hostname')}`,
  )
  if (known.includes(name)) return
  const otherwise = 'add it to `services`, or write host: with its address'
  report({
    ...unknown(name, 'service'),
    path: [...pathOf(place), 'name'],
    hint: meant(name, known, otherwise),
  })
}

function judgeGroup(place: Place, { data, report }: FileContext): void {
  const name = textAt(place.value)
  if (name === undefined) return
  const known = listAt(data, 'routeGroups').map(one => (isNode(one) ? String(one['name']) : ''))
  if (known.includes(name)) return
  report({
    ...unknown(name, 'route group'),
    path: pathOf(place),
    hint: meant(name, known, 'add it to `routeGroups`'),
  })
}

function unknown(name: string, what: string): { code: 'UNKNOWN_BACKEND'; message: string; path: Path } {
  return {
    code: 'UNKNOWN_BACKEND',
    message: `there is no ${what} ${shown(name, 'of this name')}, so these requests end in an error`,
    path: [],
  }
}
