import type { Run, StreamTool } from '../run.ts'
import { type ByteSink, MAX_SCANNED_BYTES } from './files.ts'

/** One version of a file, or a message, that git keeps. */
export interface GitObject {
  readonly object: string
  readonly type: string
  /** Relative to the repository; empty for a message. */
  readonly path: string
}

/** Who takes what git has. */
export interface GitReader {
  /** Gives where the bytes of an object go; `end` is called after the last. */
  readonly open: (object: GitObject) => ByteSink & { end(): void }
  /** Called for what is too large to be looked through. */
  readonly skip: (path: string) => void
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
export async function readHistory({ folder, stream }: HistoryOptions, reader: GitReader): Promise<boolean> {
  const paths = new Map<string, string>()
  const lines = new Lines(line => {
    const at = line.indexOf(' ')
    const path = at === -1 ? '' : Buffer.from(line.slice(at + 1), 'latin1').toString('utf8')
    if (paths.size < MAX_OBJECTS) paths.set(at === -1 ? line : line.slice(0, at), path)
  })
  const listing = ['rev-list', '--topo-order', '--objects', '--all', '--reflog', '--indexed-objects']
  const listed = await stream('git', [...IN, folder, ...listing], chunk => lines.push(chunk))
  const read = await readObjects({ folder, stream }, paths, reader)
  return listed && read && paths.size < MAX_OBJECTS
}

/**
 * What the next commit takes in: each file that is added or changed, as it is staged. Undefined where git does not say.
 */
export async function readStaged(
  { folder, run, stream }: HistoryOptions,
  reader: GitReader,
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
  return await readObjects({ folder, stream }, paths, reader)
}

/** A submodule is a commit of another repository. */
function addFile(paths: Map<string, string>, mode?: string, object?: string, path?: string): void {
  if (object !== undefined && path !== undefined && mode !== '160000') paths.set(object, path)
}

async function readObjects(
  { folder, stream }: Pick<HistoryOptions, 'folder' | 'stream'>,
  paths: ReadonlyMap<string, string>,
  reader: GitReader,
): Promise<boolean> {
  const wanted: string[] = []
  const sizes = new Lines(line => {
    const [object = '', type = '', size = ''] = line.split(' ')
    if (type === 'tree') return
    if (Number(size) > MAX_SCANNED_BYTES) reader.skip(paths.get(object) ?? '')
    else wanted.push(object)
  })
  const catFile = ['-C', folder, 'cat-file', '--buffer']
  const input = (objects: Iterable<string>): string => [...objects, ''].join('\n')
  const sized = await stream('git', [...catFile, '--batch-check'], chunk => sizes.push(chunk), {
    input: input(paths.keys()),
  })
  const objects = new Objects((object, type) => reader.open({ object, type, path: paths.get(object) ?? '' }))
  const read = await stream('git', [...catFile, '--batch'], chunk => objects.push(chunk), {
    input: input(wanted),
  })
  return sized && read
}

/** The commit that brought a version of a file in, as `1a2b3c4 2026-11-25`; undefined when no commit has it. */
export async function commitOf(
  { object, type }: Pick<GitObject, 'object' | 'type'>,
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

type Open = (object: string, type: string) => ReturnType<GitReader['open']>

/** `cat-file --batch`: a line with name, type and size, so many bytes, a line end. */
class Objects {
  readonly #open: Open
  #head = ''
  #sink: ReturnType<Open> | undefined
  /** Bytes of the object that are still to come, and its line end. */
  #left = 0

  constructor(open: Open) {
    this.#open = open
  }

  push(chunk: Buffer): void {
    let rest = chunk
    while (rest.length > 0) rest = this.#sink === undefined ? this.#readHead(rest) : this.#readBody(rest)
  }

  #readHead(chunk: Buffer): Buffer {
    const end = chunk.indexOf(10)
    this.#head += chunk.toString('latin1', 0, end === -1 ? chunk.length : end)
    if (end === -1) return chunk.subarray(chunk.length)
    const [object = '', type = '', size] = this.#head.split(' ')
    this.#head = ''
    // Without a size git does not have it.
    if (size !== undefined) {
      this.#sink = this.#open(object, type)
      this.#left = Number(size) + 1
    }
    return chunk.subarray(end + 1)
  }

  #readBody(chunk: Buffer): Buffer {
    const piece = chunk.subarray(0, this.#left)
    this.#left -= piece.length
    this.#sink?.push(this.#left === 0 ? piece.subarray(0, -1) : piece)
    if (this.#left === 0) {
      this.#sink?.end()
      this.#sink = undefined
    }
    return chunk.subarray(piece.length)
  }
}
