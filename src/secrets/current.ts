import { resolve } from 'node:path'
import type { KeySlot } from '../config/slots.ts'
import { readSecretFile } from './read.ts'
import { Secret } from './secret.ts'
import type { VariableTable } from './variable-table.ts'

/** The key a slot resolves to now; `undefined` when it has none or it cannot be read. */
export async function currentKey(
  slot: KeySlot,
  variables: VariableTable,
  cwd: string,
): Promise<Secret | undefined> {
  if (slot.variable !== undefined) return variables.lookup(slot.variable)?.value
  if (slot.value instanceof Secret) return slot.value
  if (slot.file === undefined) return undefined
  const file = await readSecretFile(resolve(cwd, slot.file))
  return file.ok ? file.secret : undefined
}

/** Each slot with the key it resolves to now. */
export async function currentKeys(
  slots: readonly KeySlot[],
  variables: VariableTable,
  cwd: string,
): Promise<{ slot: KeySlot; secret: Secret | undefined }[]> {
  return Promise.all(slots.map(async slot => ({ slot, secret: await currentKey(slot, variables, cwd) })))
}
