import type { PlaceRule } from './rule.ts'
import { isNode, isSet, keyAbove, type Place, pathOf, textAt } from './tree.ts'

/** Places that still work, and what took their place. */
const OLD: Readonly<Record<string, (place: Place) => string | undefined>> = {
  port: place =>
    isAt(place, 'llm') ? 'gateways: a gateway of its own, which llm names in `gateways`' : undefined,
  tls: place =>
    isAt(place, 'llm') ? 'gateways: tls of the gateway that llm names in `gateways`' : undefined,
  tracing: place => (isAt(place, 'config') ? 'frontendPolicies.tracing' : undefined),
  filter: place => (isAt(place, 'config', 'logging') ? 'frontendPolicies.accessLog.filter' : undefined),
  fields: place =>
    isAt(place, 'config', 'logging') ? 'frontendPolicies.accessLog, with add and remove' : undefined,
  hostOverride: place => (isParam(place) ? 'params.baseUrl, as in https://host/prefix' : undefined),
  pathOverride: place => (isParam(place) ? 'params.baseUrl, as in https://host/prefix' : undefined),
  pathPrefix: place => (isParam(place) ? 'params.baseUrl, as in https://host/prefix' : undefined),
}

const deprecated: PlaceRule = {
  keys: Object.keys(OLD),
  judge(place, { report }) {
    const newer = isSet(place.value) ? OLD[String(place.key)]?.(place) : undefined
    if (newer === undefined) return
    report({
      code: 'DEPRECATED',
      path: pathOf(place),
      at: 'key',
      message: `"${place.key}" is an older place that may go away`,
      hint: `write it in ${newer}`,
    })
  },
}

/** Directly in the section of this name. */
function isAt(place: Place, ...path: readonly string[]): boolean {
  const at = pathOf(place)
  return at.length === path.length + 1 && path.every((step, index) => at[index] === step)
}

function isParam(place: Place): boolean {
  return keyAbove(place) === 'params' && pathOf(place)[0] === 'llm'
}

/** Files are looked for from where agentgateway was started, not from where the config lies. */
const relativeFiles: PlaceRule = {
  keys: ['file', 'cert', 'key', 'root'],
  judge(place, { report }) {
    const path = textAt(place.value)
    if (path === undefined || path.startsWith('/') || path.startsWith('~') || /^[A-Za-z]:[\\/]/.test(path))
      return
    if (place.key !== 'file' && !isTls(place)) return
    report({
      code: 'RELATIVE_FILE',
      path: pathOf(place),
      message: 'agentgateway looks for this file from the folder it is started in, wherever the config lies',
      hint: 'write the whole path, or always start it in the same folder',
    })
  },
}

function isTls({ parent }: Place): boolean {
  return isNode(parent?.value) && (parent.key === 'tls' || parent.key === 'backendTLS')
}

export const OLD_PLACE_RULES: readonly PlaceRule[] = [deprecated, relativeFiles]
