import type { Diagnostic } from '../config/diagnostic.ts'
import type { Code, ConfigDocument } from '../config/index.ts'
import type { Config } from '../config/schema.ts'
import { type KeyToProbe, type ProbedKey, type ProbeOptions, probeKeys } from '../gateway/probe/probe-keys.ts'
import { suggested } from '../suggested.ts'

/** Asks providers about the keys; a key that works gives no finding. */
export async function probeFindings(
  config: Config,
  keys: readonly KeyToProbe[],
  document: ConfigDocument,
  options: ProbeOptions,
): Promise<Diagnostic[]> {
  const probed = await probeKeys(config, keys, options)
  return probed.flatMap(one => {
    const said = inWords(one)
    if (said === undefined) return []
    const { path } = one.slot
    return [{ ...said, file: document.file, path, range: document.rangeOf(path) }]
  })
}

type Said = Pick<Diagnostic, 'severity' | 'message' | 'hint'> & { readonly code: Code }

function inWords({ slot, result, limited, host, detail }: ProbedKey): Said | undefined {
  const { name } = slot
  const said = host === undefined ? detail : `${host} was asked: ${detail}`
  if (result === 'invalid') {
    return {
      code: 'KEY_REJECTED',
      severity: 'error',
      message: `the key of ${name} does not work: ${said}`,
      hint: `store a new one with ${suggested('keys', 'set', name)}`,
    }
  }
  if (result === 'indeterminate') {
    return {
      code: 'KEY_NOT_CONFIRMED',
      severity: 'note',
      message: `whether the key of ${name} works is not known: ${said}`,
      hint: 'nothing needs to be done, unless requests fail',
    }
  }
  if (limited === undefined) return undefined
  return {
    code: 'KEY_LIMITED',
    severity: 'warning',
    message: `the key of ${name} works in part: ${said}`,
    hint: "look at the key, its limits and its account in the provider's console",
  }
}
