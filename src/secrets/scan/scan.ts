import { basename, relative } from 'node:path'
import type { LineIndex } from '../../config/position.ts'
import { AgwError } from '../../errors.ts'
import { gitState } from '../git.ts'
import { SECRET_MANIFEST } from '../key-homes.ts'
import { checkMode, readBytesFile } from '../read.ts'
import type { Redactor } from '../redactor.ts'
import type { Run, StreamTool } from '../run.ts'
import { findingId } from './baseline.ts'
import { filesIn, readScanned } from './files.ts'
import { Gaps } from './gaps.ts'
import { commitOf, type GitObject, readHistory, readStaged, repositoryOf } from './history.ts'
import { keySearch, type Search } from './search.ts'
import { type PlacedKey, type Searched, SlicedSearch } from './sliced.ts'

/** A key where it should not be. Holds no value. */
export interface Leak extends Omit<PlacedKey, 'allowed'> {
  /** What tells it again, as in a baseline. */
  readonly id: string
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
  /**
   * The files that are there to hold keys, of which some may be among those listed: left out while nobody else can read
   * them and git has not got them.
   */
  readonly homesAmong: (files: readonly string[]) => Promise<readonly string[]>
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
  /** Whether one of the gaps is a file that could not be read at all. */
  readonly unread: boolean
}

/** A dotenv file may hold more than keys. Bytes. */
const MAX_HOME_BYTES = 1024 * 1024
/** Commits that are looked up for findings: each costs a walk through the history. */
const MAX_COMMITS = 40

/** Looks for keys in files and in what git keeps. Throws USAGE for a path that does not exist. */
export async function scan(options: ScanOptions): Promise<ScanResult> {
  const search = keySearch(options.own)
  const gaps = new Gaps()
  const lists = await Promise.all(options.paths.map(({ path, deep }) => filesIn(path, deep)))
  if (lists.some(list => !list.complete)) gaps.add('there are too many files: the last ones were left out')
  const listed = new Set(lists.flatMap(list => list.files))
  const kept = await homesInOrder(listed, options)
  const files: LeakyFile[] = []
  let looked = 0
  for (const path of listed) {
    if (kept.has(path)) continue
    const name = nameOf(options.cwd, path)
    const sliced = new SlicedSearch(search)
    if (!(await readScanned(path, sliced))) gaps.unread(name)
    else {
      looked += 1
      files.push(...leaky(path, name, sliced.end(), gaps))
    }
  }
  const next = await scanStaged(search, options, gaps)
  const past = await scanHistory(search, options, gaps)
  return {
    files: [...files, ...next.files, ...past.files],
    looked: { files: looked + next.looked, versions: past.versions },
    ...gaps.told(),
  }
}

/** What lies in the folder does not matter here, nor who can read it: the commit takes in what is staged. */
async function scanStaged(
  search: Search,
  { staged, run, stream, cwd }: ScanOptions,
  gaps: Gaps,
): Promise<{ files: LeakyFile[]; looked: number }> {
  if (staged === undefined) return { files: [], looked: 0 }
  const top = await repositoryOf(staged, run)
  const files: LeakyFile[] = []
  let looked = 0
  const complete =
    top === undefined
      ? undefined
      : await readStaged(
          { folder: top, run, stream },
          {
            open: ({ path }) => {
              looked += 1
              const full = `${top}/${path}`
              return searchInto(search, searched => {
                files.push(...leaky(full, nameOf(cwd, full), searched, gaps))
              })
            },
            skip: path => gaps.unread(nameOf(cwd, `${top}/${path}`)),
          },
        )
  if (complete === undefined) {
    throw new AgwError('USAGE', 'git says of no staged files here', {
      hint: 'run it in a repository, with git installed',
    })
  }
  if (!complete) gaps.unread('what is staged')
  return { files, looked }
}

/** Those of the files that are homes of keys and as they should be. */
async function homesInOrder(
  files: ReadonlySet<string>,
  { homesAmong, run }: ScanOptions,
): Promise<Set<string>> {
  const kept = new Set<string>()
  if (files.size === 0) return kept
  for (const path of new Set(await homesAmong([...files]))) {
    if (!files.has(path)) continue
    const read = await readBytesFile(path, MAX_HOME_BYTES)
    if (!read.ok || checkMode(read.facts) !== undefined) continue
    const { state } = await gitState(path, run)
    // Whoever writes manifests by hand commits them: only what git is told to leave alone is agw's own.
    const isAtRisk = state === 'not-ignored' && basename(path) === SECRET_MANIFEST
    if (state !== 'tracked' && !isAtRisk) kept.add(path)
  }
  return kept
}

/** A search of what comes piece by piece, and what becomes of its outcome. */
function searchInto(search: Search, take: (searched: Searched) => void) {
  const sliced = new SlicedSearch(search)
  return { push: (chunk: Buffer) => sliced.push(chunk), end: () => take(sliced.end()) }
}

function leaky(path: string, name: string, { found, lines, compressed }: Searched, gaps: Gaps): LeakyFile[] {
  if (compressed) gaps.compressed(name)
  const leaks = found.filter(one => !one.allowed)
  if (leaks.length === 0) return []
  return [{ path, name, lines, leaks: leaks.map(one => leakOf(one, name, undefined)) }]
}

function leakOf(found: PlacedKey, file: string, commit: string | undefined): Leak {
  const { allowed: _, ...rest } = found
  const { kind, fingerprint } = rest
  return { id: findingId({ file, kind, fingerprint, inHistory: commit !== undefined }), ...rest, commit }
}

async function scanHistory(
  search: Search,
  options: ScanOptions,
  gaps: Gaps,
): Promise<{ files: LeakyFile[]; versions: number }> {
  const { run, stream, cwd } = options
  const top = options.history === undefined ? undefined : await repositoryOf(options.history, run)
  if (top === undefined) return { files: [], versions: 0 }
  const history = { folder: top, run, stream }
  // A key stays in many versions of a file: told once, with the oldest, which is listed last.
  const oldest = new Map<string, { git: GitObject; found: PlacedKey; lines: LineIndex }>()
  let versions = 0
  const complete = await readHistory(history, {
    open: git => {
      versions += 1
      return searchInto(search, ({ found, lines, compressed }) => {
        if (compressed) gaps.compressed(nameOf(cwd, `${top}/${git.path}`))
        for (const one of found.filter(({ allowed }) => !allowed)) {
          oldest.set(`${git.path}\n${one.fingerprint}`, { git, found: one, lines })
        }
      })
    },
    skip: path => gaps.unread(nameOf(cwd, `${top}/${path}`)),
  })
  if (!complete) gaps.add('the history of git could not be read to its end')
  const files: LeakyFile[] = []
  for (const { git, found, lines } of oldest.values()) {
    const commit = files.length < MAX_COMMITS ? await commitOf(git, history) : undefined
    const path = git.path === '' ? top : `${top}/${git.path}`
    const name = git.path === '' ? '(a commit message)' : nameOf(cwd, path)
    files.push({ path, name, lines, leaks: [leakOf(found, name, commit ?? 'not committed')] })
  }
  if (files.length > MAX_COMMITS)
    gaps.add(`the commits of the first ${MAX_COMMITS} findings in history were looked up`)
  return { files, versions }
}

function nameOf(cwd: string, path: string): string {
  const short = relative(cwd, path)
  return short === '' || short.startsWith('..') ? path : short
}
