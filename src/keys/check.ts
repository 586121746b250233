import { findSlot, type KeySlot, keySlots } from '../config/index.ts'
import { parseConnectTo } from '../gateway/index.ts'
import { type ProbedKey, probeKeys } from '../gateway/probe/probe-keys.ts'
import type { LoadedConfig } from '../load.ts'
import { requireKeyPlaces } from '../require-config.ts'
import { type KeyFindings, keyFindings, noteKey } from '../secrets/index.ts'
import type { Secret } from '../secrets/secret.ts'

export interface CheckKeysOptions {
  /** The slots to check; all that have a key of their own when there are none. */
  readonly names: readonly string[]
  readonly cwd: string
  readonly env: Readonly<Record<string, string | undefined>>
  /** As curl's: `HOST:PORT:HOST:PORT`. */
  readonly connectTo: readonly string[]
  readonly onSecret: (secret: Secret) => void
}

/** What is known of a key after its provider was asked. */
export interface CheckedKey extends Pick<ProbedKey, 'slot' | 'result' | 'status' | 'host'> {
  /** The key is known, and something about it stands in the way of requests. */
  readonly limited: boolean
  readonly detail: string
  readonly fingerprint: string | undefined
}

/** Asks providers whether keys work, by calls that are not billed, and remembers what they said. Throws UNKNOWN_SLOT. */
export async function checkKeys(loaded: LoadedConfig, options: CheckKeysOptions): Promise<CheckedKey[]> {
  const { names, cwd, env, connectTo, onSecret } = options
  const config = requireKeyPlaces(loaded)
  const all = keySlots(config, loaded.document)
  const wanted =
    names.length > 0
      ? [...new Set(names.map(name => findSlot(all, name)))]
      : all.filter(slot => slot.method !== 'passthrough' && slot.method !== 'none')
  const found = await keyFindings(wanted, loaded, { cwd, env })
  for (const secret of found.secrets) onSecret(secret)
  const probed = await probeKeys(config, found.plausible, { connectTo: connectTo.map(parseConnectTo) })
  const at = new Date().toISOString()
  const checked = wanted.map(slot => resultOf(slot, probed, found, loaded))
  for (const { slot, fingerprint, host, result } of checked) {
    if (fingerprint === undefined || host === undefined) continue
    await noteKey(loaded.path, slot.name, { fingerprint, lastCheck: { at, result } }, env)
  }
  return checked
}

function resultOf(
  slot: KeySlot,
  probed: readonly ProbedKey[],
  found: KeyFindings,
  { variables }: LoadedConfig,
): CheckedKey {
  const one = probed.find(key => key.slot === slot)
  const fingerprint = found.plausible.find(key => key.slot === slot)?.secret.fingerprint()
  if (one !== undefined) return { ...one, limited: one.limited === true, fingerprint }
  const problem = slot.variable === undefined ? undefined : variables.problemOf(slot.variable)?.message
  const why = found.diagnostics.find(finding => finding.path === slot.path)?.message ?? problem
  const detail = `nobody was asked: ${why ?? 'there is no key'}`
  const limited = false
  return { limited, slot, result: 'indeterminate', status: undefined, host: undefined, detail, fingerprint }
}
