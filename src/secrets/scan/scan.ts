import { relative } from 'node:path'
import type { Range } from '../../config/diagnostic.ts'
import { LineIndex } from '../../config/position.ts'
import { AgwError } from '../../errors.ts'
import { gitState } from '../git.ts'
import { checkMode, readTextFile } from '../read.ts'
import type { Redactor } from '../redactor.ts'
import type { Run, StreamTool } from '../run.ts'
import { findingId } from './baseline.ts'
import { filesIn, MAX_SCANNED_BYTES, readScanned } from './files.ts'
import { commitOf, type GitText, readHistory, readStaged, repositoryOf } from './history.ts'
import { type FoundKey, keySearch, type Search } from './search.ts'

/** A key where it should not be. Holds no value. */
export interface Leak extends Omit<FoundKey, 'start' | 'end' | 'allowed'> {
  /** What tells it again, as in a baseline. */
  readonly id: string
  readonly range: Range
  /** The commit that brought it in, as `1a2b3c4 2026-11-25`; `not committed` for what is only staged or left over. */
  readonly commit: string | undefined
}

/** A file, or a version of one, in which keys were found. */
export interface LeakyFile {
  /** Absolute; for a version that git keeps, where it lay. */
  readonly path: string
  /** Relative to the folder of the scan. */
  readonly name: string
  /** With every key in it masked. */
  readonly lines: LineIndex
  readonly leaks: readonly Leak[]
}

export interface ScanOptions {
  readonly paths: readonly { readonly path: string; readonly deep: boolean }[]
  /** A folder whose repository's history is looked through. */
  readonly history: string | undefined
  /** A folder whose repository's next commit is looked through. */
  readonly staged?: string | undefined
  /** The user's own values; its marks must be their fingerprints. */
  readonly own: Redactor
  /** Files that are there to hold keys: left out while nobody else can read them and git has not got them. */
  readonly homes: readonly string[]
  /** Where names start. */
  readonly cwd: string
  readonly run: Run
  readonly stream: StreamTool
}

export interface ScanResult {
  readonly files: readonly LeakyFile[]
  /** How many files, and versions and messages in git, were looked into. */
  readonly looked: { readonly files: number; readonly versions: number }
  /** What was not looked into, one clause each. */
  readonly gaps: readonly string[]
}

/** Commits that are looked up for findings: each costs a walk through the history. */
const MAX_COMMITS = 40

/** Looks for keys in files and in what git keeps. Throws USAGE for a path that does not exist. */
export async function scan(options: ScanOptions): Promise<ScanResult> {
  const search = keySearch(options.own)
  const gaps: string[] = []
  const kept = await homesInOrder(options)
  const lists = await Promise.all(options.paths.map(({ path, deep }) => filesIn(path, deep)))
  if (lists.some(list => !list.complete)) gaps.push('there are too many files: the last ones were left out')
  const files: LeakyFile[] = []
  let looked = 0
  let unread = 0
  for (const path of new Set(lists.flatMap(list => list.files))) {
    if (kept.has(path)) continue
    const text = await readScanned(path)
    if (text === undefined) unread += 1
    else {
      looked += 1
      files.push(...leaky(path, nameOf(options.cwd, path), text, search(text)))
    }
  }
  if (unread > 0)
    gaps.push(
      `${unread} ${unread === 1 ? 'file is' : 'files are'} unreadable, or larger than ${MAX_SCANNED_BYTES >> 20} MiB`,
    )
  const next = await scanStaged(search, options, gaps)
  const past = await scanHistory(search, options, gaps)
  return {
    files: [...files, ...next.files, ...past.files],
    looked: { files: looked + next.looked, versions: past.versions },
    gaps,
  }
}

/** What lies in the folder does not matter here, nor who can read it: the commit takes in what is staged. */
async function scanStaged(
  search: Search,
  { staged, run, stream, cwd }: ScanOptions,
  gaps: string[],
): Promise<{ files: LeakyFile[]; looked: number }> {
  if (staged === undefined) return { files: [], looked: 0 }
  const top = await repositoryOf(staged, run)
  const files: LeakyFile[] = []
  let looked = 0
  const complete =
    top === undefined
      ? undefined
      : await readStaged({ folder: top, run, stream }, ({ path, text }) => {
          looked += 1
          const full = `${top}/${path}`
          files.push(...leaky(full, nameOf(cwd, full), text, search(text)))
        })
  if (complete === undefined) {
    throw new AgwError('USAGE', 'git says of no staged files here', {
      hint: 'run it in a repository, with git installed',
    })
  }
  if (!complete) gaps.push('what is staged could not be read to its end')
  return { files, looked }
}

/** Key files and dotenv files that are as they should be. */
async function homesInOrder({ homes, run }: ScanOptions): Promise<Set<string>> {
  const kept = new Set<string>()
  for (const path of homes) {
    const read = await readTextFile(path, MAX_SCANNED_BYTES)
    if (!read.ok || checkMode(read.facts) !== undefined) continue
    if ((await gitState(path, run)).state !== 'tracked') kept.add(path)
  }
  return kept
}

function leaky(path: string, name: string, text: string, found: readonly FoundKey[]): LeakyFile[] {
  const leaks = found.filter(one => !one.allowed)
  if (leaks.length === 0) return []
  const lines = new LineIndex(masked(text, found))
  return [{ path, name, lines, leaks: leaks.map(one => leakOf(one, name, lines, undefined)) }]
}

function masked(text: string, found: readonly FoundKey[]): string {
  let shown = text
  for (const { start, end } of found) {
    shown = shown.slice(0, start) + '*'.repeat(end - start) + shown.slice(end)
  }
  return shown
}

function leakOf(found: FoundKey, file: string, lines: LineIndex, commit: string | undefined): Leak {
  const { start, end, allowed: _, ...rest } = found
  const id = findingId({ file, ...rest, inHistory: commit !== undefined })
  return { ...rest, id, range: lines.range(start, end), commit }
}

async function scanHistory(
  search: Search,
  options: ScanOptions,
  gaps: string[],
): Promise<{ files: LeakyFile[]; versions: number }> {
  const { run, stream, cwd } = options
  const top = options.history === undefined ? undefined : await repositoryOf(options.history, run)
  if (top === undefined) return { files: [], versions: 0 }
  const history = { folder: top, run, stream }
  // A key stays in many versions of a file: told once, with the oldest, which is listed last.
  const oldest = new Map<string, { git: GitText; found: FoundKey; all: readonly FoundKey[] }>()
  let versions = 0
  const complete = await readHistory(history, git => {
    versions += 1
    const all = search(git.text)
    for (const found of all.filter(one => !one.allowed)) {
      oldest.set(
        `${git.path}
${found.fingerprint}`,
        { git, found, all },
      )
    }
  })
  if (!complete) gaps.push('the history of git could not be read to its end')
  const files: LeakyFile[] = []
  for (const { git, found, all } of oldest.values()) {
    const commit = files.length < MAX_COMMITS ? await commitOf(git, history) : undefined
    const path = git.path === '' ? top : `${top}/${git.path}`
    const name = git.path === '' ? '(a commit message)' : nameOf(cwd, path)
    const lines = new LineIndex(masked(git.text, all))
    files.push({ path, name, lines, leaks: [leakOf(found, name, lines, commit ?? 'not committed')] })
  }
  if (files.length > MAX_COMMITS)
    gaps.push(`the commits of the first ${MAX_COMMITS} findings in history were looked up`)
  return { files, versions }
}

function nameOf(cwd: string, path: string): string {
  const short = relative(cwd, path)
  return short === '' || short.startsWith('..') ? path : short
}
