import { AgwError } from '../errors.ts'
import { shortName } from '../load.ts'
import { isOwnKey, noteStored } from '../secrets/index.ts'
import {
  describePlace,
  isSharedPlace,
  readPlace,
  removeFromPlace,
  type SourcePlace,
  storeAtPlace,
} from '../secrets/keep.ts'
import type { Secret } from '../secrets/secret.ts'
import type { ForgetPlan } from '../setup/forget-key.ts'
import type { StorePlan } from '../setup/store-key.ts'
import { suggested } from '../suggested.ts'
import { requireConsent } from './consent.ts'
import {
  type Before,
  DRY_RUN,
  isInitialYes,
  type ShownFiles,
  showFiles,
  type TakeBack,
  type WriteFilesOptions,
  type WrittenFile,
  withNote,
  writeAgreed,
} from './write-files.ts'

/** What was done with files and sources. */
export interface Done {
  readonly changed: boolean
  readonly files: readonly WrittenFile[]
}

/** Absolute paths. */
export interface Home {
  readonly config: string
  readonly folder: string
}

export interface StoreOptions extends WriteFilesOptions {
  /** `--yes` itself was given: then what may be another project's goes. */
  readonly mayReplace: boolean
  /** Where the key is sent besides, as a person would say it. */
  readonly sentTo?: string | undefined
}

/** Shows a change, asks, keeps the value, then writes the files that refer to it: at no moment do they refer to nothing. */
export async function storeKey(
  plan: StorePlan,
  value: Secret,
  home: Home,
  options: StoreOptions,
): Promise<Done> {
  const { before, isChange, isInGit } = await show({ plan, value, folder: home.folder }, options)
  const stranger = isChange ? await strangerAt(plan, value, home, options) : undefined
  if (stranger !== undefined)
    options.terminal.warn(
      `${stranger} holds another key, not stored for this config: another project may need it`,
    )
  if (!options.dryRun && isChange) {
    if (stranger !== undefined) await agreeToReplace(options)
    else await requireConsent('Write this?', 'written', options, { initial: isInitialYes(isInGit, options) })
  }
  return await store(plan, value, home, before, options)
}

/** Whoever hands a key in has not said by that that another one may go. */
async function agreeToReplace({ prompt, mayReplace }: StoreOptions): Promise<void> {
  const hint =
    'keep this one in an entry of its own with --method keychain --account NAME, or add --yes to replace the other'
  await requireConsent('Replace that key?', 'written', { prompt, yes: mayReplace }, { initial: false, hint })
}

/** The place of a plan, where it holds a key that may be another project's. */
async function strangerAt(
  { source }: StorePlan,
  value: Secret,
  { config, folder }: Home,
  { env }: WriteFilesOptions,
): Promise<string | undefined> {
  // A new entry is looked at again when it is written.
  if (source === undefined || source.file !== undefined || !(await isSharedPlace(source))) return undefined
  const there = await readPlace(source, folder, env).catch(() => undefined)
  if (there === undefined || there.equals(value) || (await isOwnKey(config, there, env))) return undefined
  return await describePlace(source)
}

/** What a command will do: store a value, clear an old place, or one after the other. */
interface Shown {
  readonly plan?: StorePlan
  readonly value?: Secret
  readonly old?: ForgetPlan
  readonly folder: string
}

/** Everything that will be different afterwards, in the order in which it is done. */
export async function show(
  { plan, value, old, folder }: Shown,
  options: WriteFilesOptions & Pick<Partial<StoreOptions>, 'sentTo'>,
): Promise<ShownFiles> {
  const { terminal, cwd, dryRun, env, sentTo, warnings = [] } = options
  let isChange = sentTo !== undefined
  if (sentTo !== undefined) terminal.err(`the key goes to ${sentTo}`)
  const { source } = plan ?? {}
  if (source !== undefined) {
    terminal.err(`the key goes to ${await describePlace(source)}`)
    const there = await readPlace(source, folder, env).catch(() => undefined)
    isChange ||= value === undefined || there?.equals(value) !== true
  }
  const files = await showFiles([...(plan?.files ?? []), ...(old?.files ?? [])], options)
  for (const path of old?.deleted ?? [])
    terminal.err(`${dryRun ? 'would delete' : 'deletes'} ${shortName(cwd, path)}`)
  if (old?.source !== undefined)
    terminal.err(`${dryRun ? 'would take' : 'takes'} the key out of ${await describePlace(old.source)}`)
  isChange ||= files.isChange || old?.source !== undefined || (old?.deleted.length ?? 0) > 0
  if (old?.losers) terminal.warn(`the key is also that of ${old.losers}`)
  for (const text of isChange ? warnings : []) terminal.warn(text)
  if (dryRun) terminal.err(isChange ? DRY_RUN : 'nothing would change')
  return { ...files, isChange }
}

export async function store(
  { source, files }: StorePlan,
  value: Secret,
  home: Home,
  before: Before,
  options: WriteFilesOptions,
): Promise<Done> {
  let changed = false
  const written = await writeAgreed(files, before, {
    ...options,
    beforeWriting: async () => {
      await options.beforeWriting?.()
      if (source === undefined) return undefined
      const isNew = source.file !== undefined
      const hint = `name another place with ${placeFlag(source)}`
      const there = isNew ? await requireFree(source, value, home, options, hint) : undefined
      changed = await storeAndTell(source, value, home.folder, options)
      return isNew && changed
        ? () => takeBack([{ place: source, key: value, there }], home, options)
        : undefined
    },
  })
  return { changed: changed || written.some(file => file.action !== 'unchanged'), files: written }
}

/** Keeps the keys of a new config where its agw.yaml will say; all of them, or none. */
export async function storeKept(
  kept: readonly { readonly name: string; readonly place: SourcePlace; readonly key: Secret }[],
  home: Home,
  options: WriteFilesOptions,
): Promise<TakeBack | undefined> {
  const stored: Stored[] = []
  const back = () => takeBack(stored, home, options)
  for (const { name, place, key } of kept) {
    try {
      const { kind } = place.entry
      const [flag, other] =
        kind === 'encrypted' ? ['--encrypted-file', 'secrets-2.age'] : ['--account', `${name}-2`]
      const later = suggested('keys', 'set', name, '--method', kind, flag, other)
      const hint = `leave the key out, then keep it elsewhere: ${later}`
      const there = await requireFree(place, key, home, options, hint)
      if (await storeAndTell(place, key, home.folder, options)) stored.push({ place, key, there })
    } catch (error) {
      throw stored.length === 0 ? error : withNote(error, await back())
    }
    await noteStored(home.config, name, key, {}, options.env)
    options.terminal.err(`the key goes to ${await describePlace(place)}`)
  }
  return stored.length === 0 ? undefined : back
}

/** A key that was kept, and the own one whose place it took. */
interface Stored {
  readonly place: SourcePlace
  readonly key: Secret
  readonly there: Secret | undefined
}

/** Makes places as they were before, where nothing will refer to them; what cannot be undone is told. */
async function takeBack(
  stored: readonly Stored[],
  { folder }: Home,
  { env }: WriteFilesOptions,
): Promise<string> {
  const said: string[] = []
  for (const { place, key, there } of stored) {
    const name = await describePlace(place)
    const undoing =
      there === undefined ? removeFromPlace(place, folder, env, key) : storeAtPlace(place, there, folder, env)
    said.push(
      await undoing.then(
        () => `the key was taken out of ${name} again`,
        () => `the key stays in ${name}, to be taken out there or used by the same command`,
      ),
    )
  }
  return said.join('; ')
}

/** Whether something has changed. */
async function storeAndTell(
  place: SourcePlace,
  key: Secret,
  folder: string,
  options: WriteFilesOptions,
): Promise<boolean> {
  const { changed, note } = await storeAtPlace(place, key, folder, options.env)
  if (note !== undefined) options.terminal.warn(note)
  return changed
}

/** A new entry never takes the place of a key that something else uses. Gives the key that is there. */
async function requireFree(
  source: SourcePlace,
  value: Secret,
  { config, folder }: Home,
  { env }: WriteFilesOptions,
  hint: string,
): Promise<Secret | undefined> {
  const there = await readPlace(source, folder, env)
  if (there === undefined || there.equals(value) || (await isOwnKey(config, there, env))) return there
  throw new AgwError('FILE_EXISTS', `${await describePlace(source)} holds another key already`, { hint })
}

function placeFlag({ entry }: SourcePlace): string {
  return entry.kind === 'encrypted' ? '--encrypted-file PATH' : '--account NAME'
}
