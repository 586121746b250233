import type { Run, StreamTool } from '../run.ts'
import { MAX_SCANNED_BYTES, scannedText } from './files.ts'

/** One version of a file, or a message, that git keeps. */
export interface GitText {
  readonly object: string
  readonly type: string
  /** Relative to the repository; empty for a message. */
  readonly path: string
  readonly text: string
}

export interface HistoryOptions {
  /** A folder of the repository. */
  readonly folder: string
  readonly run: Run
  readonly stream: StreamTool
}

/** A repository may bring a program along that git would start to look for changes. */
const IN = ['-c', 'core.fsmonitor=false', '-C']
/** Objects that are looked through at most: about the history of a large project. */
const MAX_OBJECTS = 500_000

/**
 * Everything that git keeps: each version of each file once, messages of commits and tags, what is staged, stashed or
 * only in the reflog. Plumbing only: it runs no hook, filter or diff driver that a repository may bring along. False
 * where it had to stop before the end.
 */
export async function readHistory(
  { folder, stream }: HistoryOptions,
  take: (text: GitText) => void,
): Promise<boolean> {
  const paths = new Map<string, string>()
  const lines = new Lines(line => {
    const at = line.indexOf(' ')
    const path = at === -1 ? '' : Buffer.from(line.slice(at + 1), 'latin1').toString('utf8')
    if (paths.size < MAX_OBJECTS) paths.set(at === -1 ? line : line.slice(0, at), path)
  })
  const listing = ['rev-list', '--topo-order', '--objects', '--all', '--reflog', '--indexed-objects']
  const listed = await stream('git', [...IN, folder, ...listing], chunk => lines.push(chunk))
  const read = await readObjects({ folder, stream }, paths, take)
  return listed && read && paths.size < MAX_OBJECTS
}

/**
 * What the next commit takes in: each file that is added or changed, as it is staged. Undefined where git does not say.
 */
export async function readStaged(
  { folder, run, stream }: HistoryOptions,
  take: (text: GitText) => void,
): Promise<boolean | undefined> {
  const { exitCode } = await run('git', [...IN, folder, 'rev-parse', '--quiet', '--verify', 'HEAD'])
  // Before the first commit everything is new.
  const listing =
    exitCode === 0
      ? ['diff-index', '--cached', '--raw', '--no-renames', '--diff-filter=d', '-z', 'HEAD']
      : ['ls-files', '--stage', '-z']
  const chunks: Buffer[] = []
  if (!(await stream('git', [...IN, folder, ...listing], chunk => void chunks.push(chunk)))) return undefined
  const parts = Buffer.concat(chunks).toString('utf8').split('\0')
  const paths = new Map<string, string>()
  if (exitCode === 0) {
    // `:100644 100644 OLD NEW M`, then the path.
    for (let at = 0; at + 1 < parts.length; at += 2)
      addFile(paths, parts[at]?.split(' ')[1], parts[at]?.split(' ')[3], parts[at + 1])
  } else {
    // `100644 OBJECT 0`, a tab, the path.
    for (const [facts = '', path] of parts.map(part => part.split(/\t(.*)/s)))
      addFile(paths, facts.split(' ')[0], facts.split(' ')[1], path)
  }
  return await readObjects({ folder, stream }, paths, take)
}

/** A submodule is a commit of another repository. */
function addFile(paths: Map<string, string>, mode?: string, object?: string, path?: string): void {
  if (object !== undefined && path !== undefined && mode !== '160000') paths.set(object, path)
}

async function readObjects(
  { folder, stream }: Pick<HistoryOptions, 'folder' | 'stream'>,
  paths: ReadonlyMap<string, string>,
  take: (text: GitText) => void,
): Promise<boolean> {
  const small: string[] = []
  const sizes = new Lines(line => {
    const [object = '', type = '', size = ''] = line.split(' ')
    if (type !== 'tree' && Number(size) <= MAX_SCANNED_BYTES) small.push(object)
  })
  const input = (objects: Iterable<string>): string => [...objects, ''].join('\n')
  const sized = await stream(
    'git',
    ['-C', folder, 'cat-file', '--batch-check', '--buffer'],
    chunk => sizes.push(chunk),
    {
      input: input(paths.keys()),
    },
  )
  const objects = new Objects((object, type, bytes) => {
    take({ object, type, path: paths.get(object) ?? '', text: scannedText(bytes) })
  })
  const read = await stream(
    'git',
    ['-C', folder, 'cat-file', '--batch', '--buffer'],
    chunk => objects.push(chunk),
    {
      input: input(small),
    },
  )
  return sized && read
}

/** The commit that brought a version of a file in, as `1a2b3c4 2026-11-25`; undefined when no commit has it. */
export async function commitOf(
  { object, type }: Pick<GitText, 'object' | 'type'>,
  { folder, run }: HistoryOptions,
): Promise<string | undefined> {
  const format = '--format=%h %as'
  const args =
    type === 'commit'
      ? ['show', '--no-patch', format, object]
      : ['log', '--topo-order', '--all', '--reflog', `--find-object=${object}`, format]
  const { exitCode, stdout } = await run('git', [...IN, folder, '--no-pager', ...args])
  const lines = stdout.split('\n').filter(line => line !== '')
  return exitCode === 0 ? lines.at(-1) : undefined
}

/** The top folder of the repository that a folder lies in. */
export async function repositoryOf(folder: string, run: Run): Promise<string | undefined> {
  const { exitCode, stdout } = await run('git', [...IN, folder, 'rev-parse', '--show-toplevel'])
  return exitCode === 0 ? stdout.replace(/\n$/, '') : undefined
}

class Lines {
  readonly #take: (line: string) => void
  #rest = ''

  constructor(take: (line: string) => void) {
    this.#take = take
  }

  push(chunk: Buffer): void {
    const lines = (this.#rest + chunk.toString('latin1')).split('\n')
    this.#rest = lines.pop() ?? ''
    for (const line of lines) this.#take(line)
  }
}

/** `cat-file --batch`: a line with name, type and size, so many bytes, a line end. */
class Objects {
  readonly #take: (object: string, type: string, bytes: Buffer) => void
  #chunks: Buffer[] = []
  #length = 0
  /** Bytes that must be here before there is something to do; 0 while it is a line. */
  #wanted = 0

  constructor(take: (object: string, type: string, bytes: Buffer) => void) {
    this.#take = take
  }

  push(chunk: Buffer): void {
    this.#chunks.push(chunk)
    this.#length += chunk.length
    if (this.#length < this.#wanted) return
    let rest = Buffer.concat(this.#chunks, this.#length)
    for (;;) {
      const end = rest.indexOf(10)
      if (end === -1) break
      const [object = '', type = '', size = ''] = rest.toString('latin1', 0, end).split(' ')
      const whole = size === '' ? end + 1 : end + 1 + Number(size) + 1
      if (rest.length < whole) {
        this.#wanted = whole
        break
      }
      this.#wanted = 0
      if (size !== '') this.#take(object, type, rest.subarray(end + 1, whole - 1))
      rest = rest.subarray(whole)
    }
    this.#chunks = [rest]
    this.#length = rest.length
  }
}
