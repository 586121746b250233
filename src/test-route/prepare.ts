import type { Written } from '../checking/compiled.ts'
import { refuseUnsupported, unsupportedFindings } from '../checking/unsupported.ts'
import { clientEntries, hashOf } from '../clients/index.ts'
import type { Path } from '../config/diagnostic.ts'
import { type KeySlot, keySlots } from '../config/index.ts'
import { type LoadedConfig, type LoadOptions, loadConfig, loadUsable } from '../load.ts'
import { mockNote } from '../mock-note.ts'
import { requireKeyPlaces } from '../require-config.ts'
import { methodOf, placeholderSecrets, type ResolvedConfig, type Secret } from '../secrets/index.ts'

/** Which config is read, and how much of its keys. */
export interface Preparing {
  readonly load: LoadOptions
  readonly url?: string | undefined
  readonly explain: boolean
  readonly mock: boolean
  /** Told of the config as soon as it is read. */
  readonly onLoaded: (loaded: LoadedConfig) => void
  readonly onSecret: (secret: Secret) => void
  readonly onNote: (message: string) => void
}

/** A config, and what is known of its keys. */
export interface Prepared {
  readonly config: ResolvedConfig
  readonly slots: readonly KeySlot[]
  /** Names of slots whose key was not read. */
  readonly unread: ReadonlySet<string>
  /** `config.yaml:12`, where the config has something at a path. */
  readonly placeOf: (path: Path) => string
  readonly written: Written
  /** How the key of a slot is handed over. */
  readonly methodOf: (slot: KeySlot) => string
  /** A client is known by it here. */
  readonly isKnown: (key: Secret) => boolean
}

/**
 * With `explain`, keys may be missing, and no source is asked that may leave this machine: places are enough. A gateway that
 * runs has its own, as a mock needs none.
 */
export async function prepare(options: Preparing): Promise<Prepared> {
  const lineIn =
    ({ name, document }: LoadedConfig) =>
    (path: Path): string =>
      `${name}:${document.rangeOf(path, 'key').start.line}`
  const writtenAs = ({ name, document }: LoadedConfig): Written => ({ name, reread: () => document })
  const knownIn = ({ document }: LoadedConfig): Prepared['isKnown'] => {
    const hashes = new Set(clientEntries(document).map(({ hash }) => hash))
    return key => hashes.has(hashOf(key))
  }
  if (options.explain) {
    const loaded = await loadConfig({ ...options.load, standIns: true })
    options.onLoaded(loaded)
    const config = requireKeyPlaces(loaded)
    refuseUnsupported(loaded.name, unsupportedFindings(config, loaded.document, 'embedded'))
    const slots = keySlots(config, loaded.document)
    const unset = new Set(loaded.document.variables.filter(use => use.missing).map(use => use.name))
    const unread = slots.filter(one => one.file !== undefined || unset.has(one.variable ?? ''))
    return {
      config: placeholderSecrets(config, slots),
      slots,
      unread: new Set(unread.map(one => one.name)),
      placeOf: lineIn(loaded),
      written: writtenAs(loaded),
      methodOf: slot => methodOf(slot, loaded),
      isKnown: knownIn(loaded),
    }
  }
  const isSentElsewhere = options.url !== undefined
  const loaded = await loadUsable({ ...options.load, standIns: options.mock || isSentElsewhere })
  options.onLoaded(loaded)
  // A mock was asked for, so that it answers is news only to those whose keys are missing.
  if (options.mock && loaded.missing.length > 0) options.onNote(mockNote(loaded.missing))
  for (const { secret } of loaded.slots) if (secret !== undefined) options.onSecret(secret)
  refuseUnsupported(loaded.name, unsupportedFindings(loaded.config, loaded.document, 'embedded'))
  const slots = loaded.slots.map(one => one.slot)
  const unread = loaded.slots.flatMap(one => (one.standIn === undefined ? [] : [one.slot.name]))
  return {
    config: loaded.resolved,
    slots,
    unread: new Set(unread),
    placeOf: lineIn(loaded),
    written: writtenAs(loaded),
    methodOf: slot => methodOf(slot, loaded),
    isKnown: knownIn(loaded),
  }
}
