import type { SourceKind } from '../config/index.ts'
import type { LoadedConfig, LoadOptions } from '../load.ts'
import type { SecretSource } from '../secrets/source.ts'
import { loadSource } from '../secrets/sources/registry.ts'
import { type Finding, finding } from './finding.ts'

/** Told of on every machine: people choose by what is there. */
const ALWAYS: readonly SourceKind[] = ['keychain']

/** Whether each source that agw.yaml names can be used, and the keychain in any case. Reads no value. */
export async function lookAtSources(
  loaded: LoadedConfig | undefined,
  { env, cwd }: LoadOptions,
): Promise<Finding[]> {
  const used = new Set([...(loaded?.agw?.entries.values() ?? [])].map(entry => entry.kind))
  const kinds = [...new Set([...used, ...ALWAYS])]
  const looks = kinds.map(async kind => {
    const source = (await loadSource(kind)) as SecretSource
    if (source.probe === undefined) return []
    const started = performance.now()
    const signal = AbortSignal.timeout(Math.min(source.timeoutMs, 5000))
    const configDir = loaded?.folder ?? cwd
    const connections = loaded?.agw?.connections ?? {}
    const { ok, detail, hint = '' } = await source.probe({ env, configDir, connections, signal })
    const took = `${Math.round(performance.now() - started)} ms`
    if (ok) return [finding(`source ${kind}`, 'ok', `${detail} (${took})`)]
    return [finding(`source ${kind}`, used.has(kind) ? 'error' : 'note', detail, hint)]
  })
  return (await Promise.all(looks)).flat()
}
