import { lstat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { AgwError } from '../errors.ts'
import { shortName } from '../load.ts'
import { removeFromGitignore, withLock } from '../secrets/index.ts'
import { describePlace, readPlace, removeFromPlace, type SourcePlace, storeAtPlace } from '../secrets/keep.ts'
import { aloneWith, type KeyPlace } from '../secrets/rotation/journal.ts'
import { reached } from '../secrets/rotation/places.ts'
import type { Secret } from '../secrets/secret.ts'
import type { ForgetPlan } from '../setup/forget-key.ts'
import { sourceAfter } from '../setup/key-places.ts'
import { refuseOtherKey } from '../setup/other-key.ts'
import { SECRET_MODE } from '../setup/planned-file.ts'
import type { StorePlan } from '../setup/store-key.ts'
import { type Done, type Home, show, store } from './carry-out.ts'
import { requireConsent } from './consent.ts'
import {
  type Before,
  type WriteFilesOptions,
  type WrittenFile,
  withNote,
  writeAgreed,
} from './write-files.ts'

/** A key on its way. */
export interface Move extends Home {
  readonly value: Secret
  /** What a rotation of the key would hold. */
  readonly keyPlace: KeyPlace
  /** Of the config that is moved in, absolute. */
  readonly dotenv: string | undefined
  /** Remembers that the key is between two places from now on. */
  readonly noteMoving: (to: SourcePlace | undefined) => Promise<unknown>
  /** The key that the slot has now, read anew. */
  readonly keyNow: () => Promise<Secret | undefined>
  /** Throws where the slot does not have the key. */
  readonly requireReadsBack: () => Promise<void>
}

/**
 * Shows both halves of a move, asks once, stores, sees that the new place has the key, and only then clears the old one. No
 * rotation of the key runs meanwhile; a key that somebody else has stored since is not touched.
 */
export async function moveKey(
  plan: StorePlan,
  old: ForgetPlan,
  move: Move,
  options: WriteFilesOptions,
): Promise<Done> {
  const { value, folder, config, keyPlace } = move
  if (plan.source !== undefined) await refuseOther(plan.source, move, options)
  const { before, isChange, isInGit } = await show({ plan, value, folder, old }, options)
  if (options.dryRun) {
    const stored = await store(plan, value, move, before, options)
    return joined(stored, await forget(old, { folder, before }, options))
  }
  if (isChange) await requireConsent('Move it?', 'written', options, { initial: !isInGit })
  const asItWas: Before = new Map(before)
  return await aloneWith(config, keyPlace, options.env, async () => {
    const beforeWriting = async () => {
      await requireUnchanged(move)
      await move.noteMoving(sourceAfter(plan, { cwd: options.cwd, dotenv: move.dotenv }))
      return undefined
    }
    const stored = await store(plan, value, move, before, { ...options, beforeWriting })
    await move.requireReadsBack().catch(async error => {
      throw withNote(error, await putBack(plan, { config, before, asItWas }, options))
    })
    const now = `the key is in ${await placeNow(plan, options)} now`
    const gone = await forget(old, { folder, before, seen: value, now }, options)
    await requireStillThere(plan, move, options)
    await unignore(gone.files, options)
    return joined(stored, gone)
  })
}

/** A source that agw.yaml names for the variable may hold the only copy of another key. */
async function refuseOther(
  source: SourcePlace,
  { folder, value }: Move,
  { env }: WriteFilesOptions,
): Promise<void> {
  const there = await readPlace(source, folder, env).catch(error => {
    throw withNote(error, 'nothing was written')
  })
  const hint = 'name another variable with --env NAME, or take that key out first'
  refuseOtherKey(`${await describePlace(source)} holds another key`, there, value, hint)
}

/** Takes a value away, after what will go was shown and agreed to; `seen` is the one that was shown. */
export async function removeKey(
  plan: ForgetPlan,
  question: string,
  { folder, seen }: { readonly folder: string; readonly seen: Secret | undefined },
  options: WriteFilesOptions,
): Promise<Done> {
  const { before, isChange } = await show({ old: plan, folder }, options)
  if (!options.dryRun && isChange) await requireConsent(question, 'removed', options, { initial: false })
  const { left, ...done } = await forget(plan, { folder, before, seen }, options)
  if (left === undefined) return done
  throw new AgwError('CONFIG_CHANGED', `${left} holds another key by now than the one that was shown`, {
    hint: 'nothing was removed: run the command again',
  })
}

/** Lets the config refer to the old place again, which has the key still. Gives a clause that says how it stands then. */
async function putBack(
  plan: StorePlan,
  at: { readonly config: string; readonly before: Before; readonly asItWas: Before },
  options: WriteFilesOptions,
): Promise<string> {
  const references = plan.files.filter(file => !file.secret || file.path === at.config)
  const files = references.reverse().map(file => {
    const old = at.asItWas.get(file.path)
    const { freed: hadKey, madeOf: _, ...rest } = file
    const closed = hadKey === true ? { secret: true, mode: SECRET_MODE } : {}
    return { ...rest, ...closed, content: old ?? '', goes: old === undefined }
  })
  const names = files.map(({ path }) => shortName(options.cwd, path)).join(' and ')
  const copy = `a copy of the key is in ${await placeNow(plan, options)}, which the same command would use`
  return await writeAgreed(files, at.before, { ...options, yes: true }).then(
    () => `${names} ${files.length === 1 ? 'is as it was' : 'are as they were'}, and ${copy}`,
    () => `${names} could not be put back, and may refer to the new place; the old copy is where it was`,
  )
}

function joined(stored: Done, gone: Done): Done {
  return { changed: stored.changed || gone.changed, files: [...stored.files, ...gone.files] }
}

/** Between the look at the key and the yes, or the answer of git, there was time. */
async function requireUnchanged({ keyNow, value }: Move): Promise<void> {
  if ((await keyNow())?.equals(value)) return
  throw new AgwError('CONFIG_CHANGED', 'the key was changed by somebody else in the meantime', {
    hint: 'run the command again: it moves the new one',
  })
}

/** Two places may be one in a way that nobody here can know: the last copy is written once more. */
async function requireStillThere(plan: StorePlan, move: Move, options: WriteFilesOptions): Promise<void> {
  if ((await move.keyNow()) !== undefined) return
  const place = sourceAfter(plan, { cwd: options.cwd, dotenv: move.dotenv })
  if (place !== undefined) await storeAtPlace(place, move.value, move.folder, options.env)
  const name = await placeNow(plan, options)
  if ((await move.keyNow())?.equals(move.value) !== true) {
    throw new AgwError('WRITE_FAILED', `${name} lost the key once its old place was cleared`, {
      hint: `it does not take it again: look at the place, then store the key anew`,
    })
  }
  options.terminal.warn(`${name} had lost the key once its old place was cleared: it was written there again`)
}

/** The new place, as a person would say it. */
async function placeNow({ source, files }: StorePlan, { cwd }: WriteFilesOptions): Promise<string> {
  if (source !== undefined) return await describePlace(source)
  return shortName(cwd, files.find(file => file.secret)?.path ?? '')
}

/** What is known of a key that is to go. */
interface Going {
  readonly folder: string
  readonly before: Before
  /** Another value than this one stays. */
  readonly seen?: Secret | undefined
  /** Said of a failure: where the key is by then. */
  readonly now?: string
}

/** `left` is the place in which another value lies by now, which stays, with what names it. */
async function forget(
  plan: ForgetPlan,
  { folder, before, seen, now }: Going,
  options: WriteFilesOptions,
): Promise<Done & { readonly left?: string }> {
  const { terminal, cwd, env, dryRun } = options
  if (dryRun) return { changed: false, files: await writeAgreed(plan.files, before, options) }
  const noted = (what: string) => (error: unknown) => {
    throw now === undefined ? error : withNote(error, `${now}; ${what}`)
  }
  const deleted: WrittenFile[] = []
  let changed = false
  for (const { place, name } of await goingFrom(plan, cwd)) {
    const removed = await removeFromPlace(place, folder, env, seen).catch(noted(`the copy in ${name} stays`))
    if (removed.isOther === true) {
      if (now !== undefined) options.terminal.warn(`${name} holds another key by now, which stays: ${now}`)
      return { changed, files: deleted, left: name }
    }
    changed ||= removed.changed
    for (const path of removed.isGone === true ? removed.files : []) {
      const file = shortName(cwd, path)
      deleted.push({ file, action: 'deleted', mode: '' })
      if (place.entry.kind !== 'file') terminal.err(`deleted ${file}: nothing was left in it`)
    }
  }
  // The last to go is what names the place: until then the key can be found.
  const names = plan.files.map(file => shortName(cwd, file.path)).join(' and ')
  const written = await writeAgreed(plan.files, before, { ...options, yes: true }).catch(
    noted(`${names} could not be changed, and is as it was`),
  )
  for (const note of plan.notes) terminal.err(note)
  changed ||= written.some(one => one.action !== 'unchanged')
  return { changed, files: [...written, ...deleted] }
}

/** What gives the value up: key files, and a source. */
async function goingFrom(
  { deleted, source }: ForgetPlan,
  cwd: string,
): Promise<{ place: SourcePlace; name: string }[]> {
  const files = deleted.map(path => ({
    place: reached({ kind: 'file', where: { path } }, undefined),
    name: shortName(cwd, path),
  }))
  return source === undefined ? files : [...files, { place: source, name: await describePlace(source) }]
}

/**
 * Nothing will lie there again, so what agw had written to keep it out of git goes too, unless somebody has written the
 * file anew.
 */
async function unignore(files: readonly WrittenFile[], { terminal, cwd }: WriteFilesOptions): Promise<void> {
  for (const { file } of files.filter(one => one.action === 'deleted')) {
    const path = resolve(cwd, file)
    const changed = await withLock(path, async () => {
      const isGone = await lstat(path).then(
        () => false,
        () => true,
      )
      return isGone && (await removeFromGitignore(path)).changed
    })
    if (changed) terminal.err(`took ${file} out of .gitignore`)
  }
}
