import { shortName } from '../load.ts'
import { isDoubtful, noteStored } from '../secrets/index.ts'
import { refuseLostWayBack } from '../secrets/rotation/kept.ts'
import type { Secret } from '../secrets/secret.ts'
import { notesAfterStore, nowInConfig } from '../setup/after-store.ts'
import { requireReadableAs } from '../setup/as-yaml.ts'
import { describeCluster, sendToCluster } from '../setup/send-to-cluster.ts'
import { planStoreKey, type StoreRequest } from '../setup/store-key.ts'
import { suggested } from '../suggested.ts'
import { storeKey } from './carry-out.ts'
import type { KeyChange } from './key-change.ts'
import type { ChangedKey } from './report/key-change.ts'
import type { WriteFilesOptions } from './write-files.ts'

/** What a new key is stored with, besides where. */
export interface SetKeyOptions extends WriteFilesOptions {
  readonly request: Omit<StoreRequest, 'slot' | 'value'>
  readonly namespace: string
  readonly context: string | undefined
  /** When the provider ends the key. */
  readonly expires: Date | undefined
  readonly onWarning: (text: string) => void
}

/** Stores a key where its slot refers to, sends it to the cluster where that is the method, and says what is left to do. */
export async function setKey(
  { slot, slots, loaded, before, place }: KeyChange,
  key: Secret,
  options: SetKeyOptions,
): Promise<ChangedKey> {
  const { cwd, env, dryRun, prompt, terminal, namespace, context, onWarning } = options
  const plan = await planStoreKey({ slot, value: key, ...options.request }, place)
  if (plan.variable !== undefined) {
    const text = plan.files.find(({ path }) => path === loaded.path)?.content ?? place.text
    requireReadableAs(plan.variable, key, { slot, loaded, text })
  }
  await refuseLostWayBack(slot, plan, { config: loaded.path, cwd, env })
  // Whoever hands a key in without a terminal means it to be stored.
  const yes = options.yes || !prompt.allowed
  const inClear = nowInConfig(plan, slot, loaded.document.file)
  const { changed, files } = await storeKey(
    plan,
    key,
    { config: loaded.path, folder: loaded.folder },
    {
      ...options,
      yes,
      mayReplace: options.yes,
      isDoubtful: isDoubtful(key, slot),
      warnings: inClear === undefined ? [] : [inClear],
      sentTo: plan.toCluster === true ? describeCluster(slot.name, namespace) : undefined,
    },
  )
  const isSent = plan.toCluster === true && !dryRun
  let cluster: string | undefined
  if (isSent) {
    const sent = await sendToCluster({ slot: slot.name, key, namespace, context, env })
    cluster = sent.secret
    terminal.err(sent.done)
    if (sent.warning !== undefined) onWarning(sent.warning)
  }
  const shown = (path: string): string => shortName(cwd, path)
  const former = { slot, key: before, slots, cwd, env, shown, ...loaded }
  for (const note of await notesAfterStore(plan, key, former)) onWarning(note)
  const noted = dryRun
    ? undefined
    : await noteStored(loaded.path, slot.name, key, { expires: options.expires, cluster }, env)
  const isNoted = noted?.expiryChanged === true
  const end = options.expires?.toISOString().slice(0, 10)
  if (isNoted) terminal.err(`noted that the key expires on ${end}`)
  if (options.expires !== undefined && options.expires.getTime() < startOfDay(Date.now()))
    onWarning(`the key has expired on ${end}: ${suggested('keys', 'rotate', slot.name)}`)
  const { name } = slot
  return { name, method: plan.method, changed: changed || isSent || isNoted, key, previous: before, files }
}

/** Days are those of UTC, as `--expires` is read. Milliseconds. */
function startOfDay(time: number): number {
  return new Date(time).setUTCHours(0, 0, 0, 0)
}
