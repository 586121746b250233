import type { SourceKind } from '../config/index.ts'
import type { LoadedConfig, LoadOptions } from '../load.ts'
import type { SecretSource } from '../secrets/source.ts'
import { loadSource } from '../secrets/sources/registry.ts'
import { type Finding, finding } from './finding.ts'

/** Whether each source that agw.yaml names can be used. Reads no value. */
export async function lookAtSources(
  { agw, folder: configDir }: LoadedConfig,
  { env }: LoadOptions,
): Promise<Finding[]> {
  const kinds = new Set<SourceKind>([...(agw?.entries.values() ?? [])].map(entry => entry.kind))
  const looks = [...kinds].map(async kind => {
    const source = (await loadSource(kind)) as SecretSource
    if (source.probe === undefined) return []
    const started = performance.now()
    const signal = AbortSignal.timeout(Math.min(source.timeoutMs, 5000))
    const connections = agw?.connections ?? {}
    const { ok, detail, hint = '' } = await source.probe({ env, configDir, connections, signal })
    const took = `${Math.round(performance.now() - started)} ms`
    if (ok) return [finding(`source ${kind}`, 'ok', `${detail} (${took})`)]
    return [finding(`source ${kind}`, 'error', detail, hint)]
  })
  return (await Promise.all(looks)).flat()
}
