import { stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { markedAs, withoutMark } from '../byte-mark.ts'
import { printable } from '../config/index.ts'
import { AgwError } from '../errors.ts'
import { shortName } from '../load.ts'
import {
  addToGitignore,
  gitState,
  lockedAs,
  removeEmptied,
  removeFromGitignore,
  requireReplaceable,
  runWith,
  withLock,
  writeFileAtomic,
} from '../secrets/index.ts'
import { type PlannedFile, SECRET_MODE } from '../setup/planned-file.ts'
import { textToChange } from '../setup/text-to-change.ts'
import { shellWord } from '../suggested.ts'
import { requireConsent } from './consent.ts'
import { printableDiff } from './diff.ts'
import { maskFor } from './mask-for.ts'
import type { Prompt } from './prompt.ts'
import type { Terminal } from './terminal.ts'

/** What became of a file. */
export interface WrittenFile {
  readonly file: string
  readonly action: 'created' | 'updated' | 'unchanged' | 'deleted'
  /** Four octal digits, as in `0600`; empty where the system has no modes. */
  readonly mode: string
}

export interface WriteFilesOptions {
  readonly terminal: Terminal
  readonly prompt: Prompt
  readonly cwd: string
  /** For git: `PATH`, `HOME` and git's own variables. */
  readonly env: Readonly<Record<string, string | undefined>>
  readonly dryRun: boolean
  readonly yes: boolean
  /** What to know before anybody agrees. */
  readonly warnings?: readonly string[]
  /** What is asked in place of whether to write this, where something would be lost: then Enter is a no. */
  readonly losing?: string
  /** Something speaks against the key that is written, as was warned when it was read: Enter is a no, too. */
  readonly isDoubtful?: boolean
  /**
   * What must have happened before the first file is written, once all was agreed to and no file has changed since. It may
   * give what takes it back, for when no file can be written then, and says what has become of it.
   */
  readonly beforeWriting?: () => Promise<TakeBack | undefined>
}

/** Undoes something. Gives a clause that says how it stands now; never throws. */
export type TakeBack = () => Promise<string>

/** Path → the text that was there when changes were shown; what is written over anything else is lost work. */
export type Before = Map<string, string | undefined>

/** Said once at the end of what a dry run shows. */
export const DRY_RUN = 'dry run: nothing was written'

/** Shows what will change, asks for a yes, and writes. A dry run stops after the diff. */
export async function writeFiles(
  files: readonly PlannedFile[],
  options: WriteFilesOptions,
): Promise<WrittenFile[]> {
  const { before, isChange, isInGit } = await showFiles(files, options)
  for (const text of isChange ? (options.warnings ?? []) : []) options.terminal.warn(text)
  if (options.dryRun) options.terminal.err(isChange ? DRY_RUN : 'nothing would change')
  else if (isChange)
    await requireConsent(options.losing ?? 'Write this?', 'written', options, {
      initial: isInitialYes(isInGit, options),
    })
  return writeAgreed(files, before, options)
}

/** What Enter says to whether files shall be written: a no where a key or something else would be lost or seen. */
export function isInitialYes(isInGit: boolean, { losing, isDoubtful }: WriteFilesOptions): boolean {
  return !isInGit && losing === undefined && isDoubtful !== true
}

/** What is about to change. */
export interface ShownFiles {
  readonly before: Before
  readonly isChange: boolean
  /** Git has a file that will hold a key: with the next commit everybody who has the repository can read it. */
  readonly isInGit: boolean
}

/** Shows what will change, each file once: where two steps change one, the later has the text of both. */
export async function showFiles(
  files: readonly PlannedFile[],
  options: WriteFilesOptions,
): Promise<ShownFiles> {
  const { terminal, cwd, dryRun } = options
  for (const { path } of files) await requireFolder(path, cwd)
  const before: Before = new Map()
  let isChange = false
  for (const [path, file] of new Map(files.map(one => [one.path, one]))) {
    const old = await textToChange(path)
    for (const one of files) if (one.path === path) requireMadeOf(one, old)
    before.set(path, old)
    if (old === contentOf(file, old) && file.goes !== true) continue
    isChange = true
    const name = printable(shortName(cwd, path))
    terminal.err(printableDiff(old ?? '', contentOf(file, old), name, terminal, maskFor(file)))
    if (file.goes) terminal.err(`${dryRun ? 'would delete' : 'deletes'} ${name}: nothing is left in it`)
  }
  return { before, isChange, isInGit: await warnOfGit(files, options) }
}

/** What will stand in a file: a mark that it begins with stays. */
function contentOf({ content, madeOf }: PlannedFile, old = ''): string {
  return madeOf === undefined ? content : markedAs(old, content)
}

/** A plan is made of what was read once, and questions may have come in between. */
function requireMadeOf({ path, madeOf }: PlannedFile, old = ''): void {
  if (madeOf !== undefined && withoutMark(old) !== withoutMark(madeOf)) throw changedMeanwhile(path)
}

function changedMeanwhile(path: string): AgwError {
  return new AgwError('CONFIG_CHANGED', `${path} was changed by somebody else in the meantime`, {
    hint: 'run the command again',
  })
}

/** Says which files with a key in them git has, and whether there is one. */
async function warnOfGit(files: readonly PlannedFile[], options: WriteFilesOptions): Promise<boolean> {
  const run = runWith({ env: options.env })
  let isInGit = false
  for (const { path } of files.filter(one => one.secret && one.goes !== true)) {
    if ((await gitState(path, run)).state !== 'tracked') continue
    const name = shortName(options.cwd, path)
    options.terminal.warn(
      `${name} is tracked by git: take it out with \`git rm --cached ${name}\`, and change the key`,
    )
    isInGit = true
  }
  return isInGit
}

/**
 * Keeps secret files out of git and writes each file in one step, after all was shown and agreed to. A dry run only says
 * what would become of them.
 */
export async function writeAgreed(
  files: readonly PlannedFile[],
  before: Before,
  options: WriteFilesOptions,
): Promise<WrittenFile[]> {
  if (options.dryRun)
    return files.map(file => outcomeOf(file, before, { changed: false, mode: file.mode ?? 0 }, options))
  // The last question, before the first byte: whoever breaks off here has changed nothing.
  await protectFromGit(files, options)
  const paths = [...new Set(files.map(file => file.path))]
  const locks = [...new Set(await Promise.all(paths.map(lockedAs)))].sort()
  return await withLocks(locks, async () => {
    // A key that is kept elsewhere first would be kept for nothing.
    for (const path of paths) {
      await requireAsShown(path, before)
      await requireReplaceable(path)
    }
    const takeBack = await options.beforeWriting?.().catch(error => {
      throw withNote(error, 'nothing was written')
    })
    const written: WrittenFile[] = []
    for (const file of files) {
      const result = await writeOne(file, before).catch(async error => {
        const note = await howFar(written, takeBack)
        throw note === undefined ? error : withNote(error, note)
      })
      written.push(outcomeOf(file, before, result, options))
      if (file.freed === true) await giveToGit(file, options)
    }
    return written
  })
}

/** What became of a file; from then on that is what was there. */
function outcomeOf(
  file: PlannedFile,
  before: Before,
  { changed, mode }: { readonly changed: boolean; readonly mode: number },
  { cwd }: WriteFilesOptions,
): WrittenFile {
  const old = before.get(file.path)
  const action = actionOf(file, old)
  before.set(file.path, contentOf(file, old))
  // The same content with a tightened mode is a change too.
  const done = action === 'unchanged' && changed ? 'updated' : action
  return { file: shortName(cwd, file.path), action: done, mode: octal(mode) }
}

/** How things stand where a file could not be written: what those before it refer to stays. */
async function howFar(
  written: readonly WrittenFile[],
  takeBack: TakeBack | undefined,
): Promise<string | undefined> {
  const changed = written.filter(one => one.action !== 'unchanged').map(one => one.file)
  if (changed.length > 0)
    return `${changed.join(' and ')} ${changed.length === 1 ? 'was' : 'were'} written before`
  const back = await takeBack?.()
  return back === undefined ? undefined : `${back}; nothing was written`
}

/** Asked for before anything is shown or written: agw makes no folders, whose rights it does not know. */
async function requireFolder(path: string, cwd: string): Promise<void> {
  const folder = dirname(path)
  const isThere = await stat(folder).then(
    stats => stats.isDirectory(),
    () => false,
  )
  if (isThere) return
  throw new AgwError('WRITE_FAILED', `${shortName(cwd, path)} cannot be written: its folder does not exist`, {
    hint: `make it first: mkdir -p ${shellWord(shortName(cwd, folder))}`,
  })
}

function actionOf(file: PlannedFile, old: string | undefined): WrittenFile['action'] {
  if (file.goes === true) return 'deleted'
  if (old === undefined) return 'created'
  return old === contentOf(file, old) ? 'unchanged' : 'updated'
}

/** A failure that also says how far it came. */
export function withNote(error: unknown, note: string): unknown {
  if (!(error instanceof AgwError)) return error
  const { code, message, hint, cause, diagnostics } = error
  return new AgwError(code, `${message}; ${note}`, {
    ...(hint !== undefined && { hint }),
    cause,
    diagnostics,
  })
}

/** Keeps secret files out of git: adds those that are neither tracked nor ignored to .gitignore. */
async function protectFromGit(files: readonly PlannedFile[], options: WriteFilesOptions): Promise<void> {
  const { terminal, prompt } = options
  const run = runWith({ env: options.env })
  for (const file of files.filter(one => one.secret && one.goes !== true)) {
    const name = printable(shortName(options.cwd, file.path))
    const { state } = await gitState(file.path, run)
    if (state !== 'not-ignored') continue
    const ask = !options.yes && prompt.allowed
    if (ask && !(await prompt.confirm('--yes', `Add ${name} to .gitignore?`, true))) continue
    await addToGitignore(file.path)
    terminal.err(`added ${name} to .gitignore`)
  }
}

/** The line that kept a file out of git while a key stood in it, when agw had written it. */
async function giveToGit({ path }: PlannedFile, { terminal, cwd }: WriteFilesOptions): Promise<void> {
  const { changed } = await removeFromGitignore(path)
  if (changed)
    terminal.err(`took ${printable(shortName(cwd, path))} out of .gitignore: no key stands in it now`)
}

/** Runs `action` under the locks of all the files, taken in one order by everybody. */
function withLocks<T>([path, ...more]: readonly string[], action: () => Promise<T>): Promise<T> {
  return path === undefined ? action() : withLock(path, () => withLocks(more, action))
}

/** What another process has changed since it was shown is not written over. */
async function requireAsShown(path: string, before: Before): Promise<void> {
  if ((await textToChange(path)) !== before.get(path)) throw changedMeanwhile(path)
}

/** Writes one file, whose lock is held: editors know of no locks. */
async function writeOne(file: PlannedFile, before: Before): Promise<{ changed: boolean; mode: number }> {
  await requireAsShown(file.path, before)
  if (file.goes === true && (await removeEmptied(file.path))) return { changed: true, mode: 0 }
  const mode = file.freed === true ? await freedMode(file.path) : file.mode
  const content = contentOf(file, before.get(file.path))
  return writeFileAtomic(file.path, content, mode === undefined ? {} : { mode })
}

/** What a new file without a secret gets, where a file still has the mode of a secret one. */
async function freedMode(path: string): Promise<number | undefined> {
  const { mode } = await stat(path)
  return (mode & 0o777) === SECRET_MODE ? 0o666 & ~process.umask() : undefined
}

function octal(mode: number): string {
  return mode === 0 ? '' : (mode & 0o777).toString(8).padStart(4, '0')
}
