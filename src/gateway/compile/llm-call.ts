import type { Path } from '../../config/diagnostic.ts'
import type { LlmConfig, LlmModel, LlmParams, LlmProvider } from '../../config/schema.ts'
import { PRESETS } from '../../providers/index.ts'
import { invalid } from './invalid.ts'
import { isPreset } from './provider.ts'
import { type Address, parseAddress } from './upstream.ts'

/** What a model is called by, after its reference was followed: each part with the place it was written. */
export interface Call {
  readonly kind: Exclude<LlmModel['provider'], { reference?: unknown }> | { custom?: unknown }
  readonly params: LlmParams
  readonly paramsPath: Path
  readonly referenced: string | undefined
  readonly defaults: NonNullable<LlmProvider['defaults']>
  readonly defaultsPath: Path
}

/** Follows the reference of a model to its provider, if it has one. */
export function callOf(model: LlmModel, path: Path, llm: LlmConfig): Call {
  const { provider, params = {} } = model
  const reference = typeof provider === 'object' ? provider.reference : undefined
  if (reference === undefined) {
    const kind = provider as Call['kind']
    return {
      kind,
      params,
      paramsPath: [...path, 'params'],
      referenced: undefined,
      defaults: {},
      defaultsPath: path,
    }
  }
  const index = (llm.providers ?? []).findIndex(({ name }) => name === reference)
  const entry = llm.providers?.[index]
  if (entry === undefined) {
    throw invalid(
      [...path, 'provider', 'reference'],
      'no entry of llm.providers has this name',
      'name one that is there',
    )
  }
  const entryPath = ['llm', 'providers', index]
  return {
    kind: entry.provider as Call['kind'],
    params: { ...entry.params, ...(params.model ? { model: params.model } : {}) },
    paramsPath: [...entryPath, 'params'],
    referenced: entry.name,
    defaults: entry.defaults ?? {},
    defaultsPath: [...entryPath, 'defaults'],
  }
}

export interface Base {
  readonly address: Address | undefined
  readonly pathPrefix: string | undefined
  readonly isTls: boolean
}

/** `baseUrl`, the preset's where neither it nor its older forms are set; the older forms win over its parts. */
export function baseOf({ kind, params, paramsPath }: Call): Base {
  const { hostOverride, pathOverride, pathPrefix } = params
  const own = hostOverride ? parseAddress(hostOverride, [...paramsPath, 'hostOverride']) : undefined
  const isBare = !params.baseUrl && !hostOverride && !pathOverride
  const preset = typeof kind === 'string' && isPreset(kind) && isBare ? PRESETS[kind].baseUrl : undefined
  const baseUrl = params.baseUrl ?? preset
  if (!baseUrl) return { address: own, pathPrefix: pathPrefix ?? undefined, isTls: false }
  const url = new URL(baseUrl)
  const port = Number(url.port) || (url.protocol === 'https:' ? 443 : 80)
  const path = url.pathname.replace(/\/+$/, '')
  return {
    address: own ?? { hostname: url.hostname.replace(/^\[|\]$/g, ''), port },
    pathPrefix: pathPrefix ?? (path === '' || pathOverride ? undefined : path),
    isTls: url.protocol === 'https:',
  }
}
