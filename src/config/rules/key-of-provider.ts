import type { Path } from '../diagnostic.ts'
import type { FileRule, Report } from './rule.ts'
import { authKind, keyLocation, stripsAuthorization } from './scene-levels.ts'
import { authOf, type Upstream } from './scene-upstreams.ts'
import { isSet, nodeAt, nodesAt, textAt } from './tree.ts'

/** Where a provider looks for its key, and what becomes of it on the way. */
export const keyOfProvider: FileRule = ({ scene, report }) => {
  for (const upstream of scene.upstreams) {
    const auth = authOf(upstream)
    if (auth === undefined) continue
    if (upstream.provider === 'anthropic' && letsBearerPass(upstream)) judgeAnthropic(auth, report)
    if (upstream.provider === 'azure' && authKind(auth.value) === 'key') judgeAzure(upstream, auth, report)
  }
}

/** A token that a client sends in Authorization reaches the provider's set-up. */
function letsBearerPass({ checks, levels }: Upstream): boolean {
  const touched = levels.some(level => level.removes.has('authorization') || level.sets.has('authorization'))
  return !touched && !checks.some(stripsAuthorization)
}

/**
 * agentgateway moves a Bearer token into x-api-key for Anthropic, unless the key's place was written out: then it drops
 * x-api-key and keeps the token, the client's one.
 */
function judgeAnthropic({ value, path }: { value: unknown; path: Path }, report: Report): void {
  const name = textAt(keyLocation(value), 'header', 'name')
  if (name?.toLowerCase() === 'x-api-key') {
    report({
      code: 'ANTHROPIC_KEY_PLACE',
      path: [...path, 'key', 'location', 'header', 'name'],
      message:
        "a client that sends `Authorization: Bearer …` displaces the gateway's key here, and its own token goes to Anthropic",
      hint: 'leave `location` out: the key goes into x-api-key by itself',
    })
  }
  if (authKind(value) === 'key' && !isSet(keyLocation(value))) return
  for (const [credential, index] of nodesAt(value, 'credentials')) {
    const header = nodeAt(credential, 'location', 'header')
    if (textAt(header, 'name')?.toLowerCase() !== 'x-api-key') continue
    report({
      code: 'ANTHROPIC_EXTRA_KEY',
      path: [...path, 'credentials', index, 'location', 'header', 'name'],
      message:
        'a client that sends `Authorization: Bearer …` overwrites this header with its own token, and that one goes to Anthropic',
      hint: 'give the key as `key: "$VARIABLE"`: it takes the place of the header of the client',
    })
  }
}

/** Versions by date take an API key in a header of its own, and Entra tokens only in Authorization. */
function judgeAzure(
  { settings }: Upstream,
  { value, path }: { value: unknown; path: Path },
  report: Report,
): void {
  const version = textAt(settings, 'apiVersion') ?? textAt(settings, 'azureApiVersion')
  if (version === undefined || !/^\d{4}-\d\d-\d\d/.test(version) || keyLocation(value) !== undefined) return
  report({
    code: 'AZURE_KEY_PLACE',
    path,
    message: `Azure API version ${version} takes a key in the header api-key, and this one goes into Authorization`,
    hint: 'write auth or backendAuth with key: {value: …, location: {header: {name: api-key}}}',
  })
}
