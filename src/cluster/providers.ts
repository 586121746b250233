import type { Path } from '../config/index.ts'
import { isNode, isSet, textAt, valueAt } from '../config/rules/tree.ts'
import type { ManifestProvider, ProviderSettings } from '../kubernetes/index.ts'
import { backendKey } from './auth.ts'
import { customSettings } from './formats.ts'
import { promptWords } from './prompts.ts'
import type { ExportScene } from './scene.ts'
import { unwritten } from './unwritten.ts'
import { healthOf, requireReachable, routeTypes, tlsOf } from './upstreams.ts'

/** The fields of each kind that manifests have too. */
const FIELDS: Readonly<Record<string, readonly string[]>> = {
  openAI: ['model'],
  anthropic: ['model'],
  gemini: ['model'],
  vertex: ['model', 'projectId', 'region'],
  bedrock: ['model', 'region'],
  azure: ['model', 'resourceName', 'resourceType', 'projectName', 'apiVersion'],
  custom: ['model', 'formats'],
}

/**
 * One provider of an `ai` backend: the backend itself or an entry of a group, at its path. `levels` are the maps of policies that
 * hold for it, the strongest first. Throws {@link Unwritten}.
 */
export function aiProvider(scene: ExportScene, path: Path, levels: readonly Path[]): ManifestProvider {
  const { taken } = scene
  const given = taken.take(...path, 'provider')
  const [kind, ...more] = isNode(given) ? Object.keys(given).filter(key => given[key] !== undefined) : []
  if (kind === undefined || more.length > 0) unwritten('it names no provider that this version knows')
  const provider = requireSettings(settingsOf(kind, valueAt(given, kind)))
  taken.take(...path, 'name')
  if (taken.look(...path, 'tokenize') === false) taken.take(...path, 'tokenize')
  const named = textAt(taken.look(...path), 'name')
  const key = backendKey(
    scene,
    levels.map(level => [...level, 'backendAuth']),
    path,
    named,
  )
  const tls = tlsOf(taken, levels)
  const health = healthOf(taken, levels)
  const override = pathOf(scene, path)
  const baseUrl = addressOf(scene, path, tls !== undefined)
  const keepsPaths = !isSet(taken.look(...path, 'pathPrefix'))
  if (provider.kind === 'custom' && baseUrl === undefined) unwritten('a custom provider needs hostOverride')
  const routes = routeTypes(taken, levels)
  return {
    ...key,
    provider,
    ...(baseUrl !== undefined && { baseUrl, keepsPaths }),
    ...(override !== undefined && { path: override }),
    ...(routes !== undefined && { routes }),
    ai: promptWords(taken, levels),
    policies: { ...(tls !== undefined && Object.keys(tls).length > 0 && { tls }), ...health },
  }
}

/** The path that is called whatever is asked for; it leaves no room for one in front of others. */
function pathOf({ taken }: ExportScene, path: Path): string | undefined {
  const override = taken.take(...path, 'pathOverride')
  if (typeof override !== 'string') return undefined
  if (isSet(taken.look(...path, 'pathPrefix')))
    unwritten('the controller takes no pathOverride beside a pathPrefix')
  if (!override.startsWith('/') || override.length > 1024) unwritten('its pathOverride has no word there')
  return override
}

/** The host that is called instead of the provider's own, and the path that its paths are put under. */
function addressOf({ taken }: ExportScene, path: Path, secure: boolean): string | undefined {
  const host = taken.take(...path, 'hostOverride')
  if (typeof host !== 'string') return undefined
  const prefix = taken.take(...path, 'pathPrefix')
  const under = typeof prefix === 'string' ? prefix : ''
  if (under !== '' && !/^\/[\w\-./~%]*$/.test(under)) unwritten('its pathPrefix has no word there')
  if (!/^(?:[\w.-]+|\[[\da-fA-F:.]+\]):\d{1,5}$/.test(host))
    unwritten('its hostOverride is no host with a port')
  const url = `${secure ? 'https' : 'http'}://${host}${under}`
  if (!URL.canParse(url)) unwritten('its hostOverride is no host with a port')
  requireReachable(url)
  return url
}

/** Most characters that the controller takes; none it does not take either. */
const LONGEST: Readonly<Record<string, number>> = {
  model: 256,
  region: 63,
  projectId: 64,
  projectName: 256,
  resourceName: 256,
  apiVersion: 64,
}

/** Settings that the controller takes. Throws {@link Unwritten} for others. */
export function requireSettings<P extends ProviderSettings>(provider: P): P {
  for (const [key, longest] of Object.entries(LONGEST)) {
    const value = valueAt(provider, key)
    if (typeof value === 'string' && (value === '' || value.length > longest))
      unwritten(`the controller takes a ${key} of 1 to ${longest} characters`)
  }
  return provider
}

function settingsOf(kind: string, value: unknown): ProviderSettings {
  const fields = Object.hasOwn(FIELDS, kind) ? FIELDS[kind] : undefined
  if (fields === undefined) unwritten(`the controller has no provider like ${kind}`)
  const own = isNode(value) ? value : {}
  const other = Object.keys(own).find(key => !fields.includes(key))
  if (other !== undefined) unwritten(`this version writes no ${other} of the provider ${kind}`)
  if (kind === 'custom') return customSettings(value, textAt(value, 'model'))
  return { kind, ...own } as ProviderSettings
}
