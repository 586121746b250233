import { rm } from 'node:fs/promises'
import { resolve } from 'node:path'
import { AgwError } from '../errors.ts'
import { shortName } from '../load.ts'
import { removeFromGitignore, withLock } from '../secrets/index.ts'
import { describePlace, readPlace, removeFromPlace, type SourcePlace, storeAtPlace } from '../secrets/keep.ts'
import type { Secret } from '../secrets/secret.ts'
import type { ForgetPlan } from '../setup/forget-key.ts'
import type { StorePlan } from '../setup/store-key.ts'
import { requireConsent } from './consent.ts'
import {
  type Before,
  DRY_RUN,
  showFiles,
  type WriteFilesOptions,
  type WrittenFile,
  writeAgreed,
} from './write-files.ts'

/** What was done with files and sources. */
export interface Done {
  readonly changed: boolean
  readonly files: readonly WrittenFile[]
}

/** Shows a change, asks, keeps the value, then writes the files that refer to it: at no moment do they refer to nothing. */
export async function storeKey(
  plan: StorePlan,
  value: Secret,
  folder: string,
  options: WriteFilesOptions,
): Promise<Done> {
  const { before, isChange } = await show({ plan, value, folder }, options)
  if (!options.dryRun && isChange) await requireConsent('Write this?', 'written', options)
  return await store(plan, value, folder, before, options)
}

/** Shows both halves of a move, asks once, stores, sees that the new place has the key, and only then clears the old one. */
export async function moveKey(
  plan: StorePlan,
  old: ForgetPlan,
  value: Secret,
  change: { readonly folder: string; readonly readsBack: () => Promise<void> },
  options: WriteFilesOptions,
): Promise<Done> {
  const { before, isChange } = await show({ plan, value, folder: change.folder, old }, options)
  if (!options.dryRun && isChange) await requireConsent('Move it?', 'written', options)
  const stored = await store(plan, value, change.folder, before, options)
  if (!options.dryRun) await change.readsBack()
  const gone = await forget(old, change.folder, before, options)
  if (!options.dryRun) await unignore(gone.files, options)
  return { changed: stored.changed || gone.changed, files: [...stored.files, ...gone.files] }
}

/** Takes a value away, after what will go was shown and agreed to. */
export async function removeKey(
  plan: ForgetPlan,
  question: string,
  folder: string,
  options: WriteFilesOptions,
): Promise<Done> {
  const { before, isChange } = await show({ old: plan, folder }, options)
  if (!options.dryRun && isChange) await requireConsent(question, 'removed', options, false)
  return await forget(plan, folder, before, options)
}

/** What a command will do: store a value, clear an old place, or one after the other. */
interface Shown {
  readonly plan?: StorePlan
  readonly value?: Secret
  readonly old?: ForgetPlan
  readonly folder: string
}

/** Everything that will be different afterwards, in the order in which it is done. */
async function show(
  { plan, value, old, folder }: Shown,
  options: WriteFilesOptions,
): Promise<{ readonly before: Before; readonly isChange: boolean }> {
  const { terminal, cwd, dryRun, env } = options
  let isChange = false
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
  if (old?.losers)
    terminal.err(`${terminal.style('yellow', 'warning', 'err')} the key is also that of ${old.losers}`)
  if (dryRun) terminal.err(isChange ? DRY_RUN : 'nothing would change')
  return { before: files.before, isChange }
}

async function store(
  { source, files }: StorePlan,
  value: Secret,
  folder: string,
  before: Before,
  options: WriteFilesOptions,
): Promise<Done> {
  let changed = false
  const written = await writeAgreed(files, before, {
    ...options,
    beforeWriting: async () => {
      if (source === undefined) return
      if (source.file !== undefined) await requireFree(source, value, folder, options)
      changed = (await storeAtPlace(source, value, folder, options.env)).changed
    },
  })
  return { changed: changed || written.some(file => file.action !== 'unchanged'), files: written }
}

async function forget(
  plan: ForgetPlan,
  folder: string,
  before: Before,
  options: WriteFilesOptions,
): Promise<Done> {
  const { terminal, cwd, env, dryRun } = options
  const files = await writeAgreed(plan.files, before, { ...options, yes: true })
  if (dryRun) return { changed: false, files }
  for (const path of plan.deleted) await withLock(path, () => rm(path, { force: true }))
  const removed = plan.source === undefined ? undefined : await removeFromPlace(plan.source, folder, env)
  for (const note of plan.notes) terminal.err(note)
  const emptied = removed?.isGone === true ? removed.files : []
  for (const path of emptied) terminal.err(`deleted ${shortName(cwd, path)}: nothing was left in it`)
  const deleted = [...plan.deleted, ...emptied].map(
    (path): WrittenFile => ({ file: shortName(cwd, path), action: 'deleted', mode: '' }),
  )
  const changed =
    deleted.length > 0 || removed?.changed === true || files.some(one => one.action !== 'unchanged')
  return { changed, files: [...files, ...deleted] }
}

/** Nothing will lie there again, so what agw had written to keep it out of git goes too. */
async function unignore(files: readonly WrittenFile[], { terminal, cwd }: WriteFilesOptions): Promise<void> {
  for (const { file } of files.filter(one => one.action === 'deleted')) {
    const { changed } = await removeFromGitignore(resolve(cwd, file))
    if (changed) terminal.err(`took ${file} out of .gitignore`)
  }
}

/** Keeps the keys of a new config where its agw.yaml will say. */
export async function storeKept(
  kept: readonly { readonly place: SourcePlace; readonly key: Secret }[],
  folder: string,
  options: WriteFilesOptions,
): Promise<void> {
  for (const { place, key } of kept) {
    await requireFree(place, key, folder, options)
    await storeAtPlace(place, key, folder, options.env)
    options.terminal.err(`the key goes to ${await describePlace(place)}`)
  }
}

/** A new entry never takes the place of a key that something else uses. */
async function requireFree(
  source: SourcePlace,
  value: Secret,
  folder: string,
  options: WriteFilesOptions,
): Promise<void> {
  const there = await readPlace(source, folder, options.env)
  if (there === undefined || there.equals(value)) return
  throw new AgwError('FILE_EXISTS', `${await describePlace(source)} holds another key already`, {
    hint: 'name another place with --account NAME or --encrypted-file PATH',
  })
}
