import { createHash } from 'node:crypto'
import { type FSWatcher, lstatSync, readFileSync, readlinkSync, statSync, watch } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import { basename, join, parse, resolve, sep } from 'node:path'

export interface WatchOptions {
  /** Quiet time after the last event before the files are read; events that go on delay it tenfold at most. */
  readonly debounceMs?: number
  /** How often the files are read whatever the system reports (network file systems, no inotify watches left). */
  readonly pollMs?: number
  readonly signal?: AbortSignal
}

/** A folder that is watched, and which one it was. */
interface WatchedFolder {
  readonly watcher: FSWatcher | undefined
  readonly identity: string
}

/** What a file is when it cannot be read. */
const MISSING = 'missing'
const MAX_LINKS = 40

/**
 * Calls back with the paths whose content has changed since the last call, or since the start; a file that disappears
 * or comes back counts as changed. Folders are watched, never files: a file that is replaced by a rename is another
 * file. Every folder on the way through symbolic links is watched too, so that a link that is pointed elsewhere (the
 * `..data` of a Kubernetes mount, a `current` of a deployment) is seen. Start it before the files are read.
 */
export function watchFiles(
  paths: readonly string[],
  onChange: (changed: readonly string[]) => void,
  options: WatchOptions = {},
): Disposable {
  const watcher = new FileWatcher(paths, onChange, options)
  return { [Symbol.dispose]: () => watcher.close() }
}

class FileWatcher {
  readonly #paths: readonly string[]
  readonly #onChange: (changed: readonly string[]) => void
  readonly #debounceMs: number
  readonly #states = new Map<string, string>()
  readonly #folders = new Map<string, WatchedFolder>()
  /** Of each folder, what in it leads to a file that is watched. */
  #names = new Map<string, ReadonlySet<string>>()
  readonly #poll: NodeJS.Timeout
  #timer: NodeJS.Timeout | undefined
  #firstEvent = 0
  #checking: 'no' | 'yes' | 'again' = 'no'
  #closed = false

  constructor(
    paths: readonly string[],
    onChange: (changed: readonly string[]) => void,
    options: WatchOptions,
  ) {
    this.#paths = [...new Set(paths.map(path => resolve(path)))]
    this.#onChange = onChange
    this.#debounceMs = options.debounceMs ?? 100
    this.#arm()
    for (const path of this.#paths) this.#states.set(path, stateNow(path))
    this.#poll = setInterval(() => this.#check(), options.pollMs ?? 30_000).unref()
    if (options.signal?.aborted) this.close()
    else options.signal?.addEventListener('abort', () => this.close(), { once: true })
  }

  close(): void {
    this.#closed = true
    clearInterval(this.#poll)
    clearTimeout(this.#timer)
    for (const { watcher } of this.#folders.values()) watcher?.close()
    this.#folders.clear()
  }

  /** Watches what has to be watched now. A folder that was replaced is another one under the same name. */
  #arm(): void {
    const wanted = new Map<string, string>()
    const names = new Map<string, Set<string>>()
    for (const path of this.#paths) {
      for (const [folder, steps] of stepsByFolder(path)) {
        wanted.set(folder, identityOf(folder))
        const known = names.get(folder) ?? new Set()
        for (const step of steps) known.add(step)
        names.set(folder, known)
      }
    }
    this.#names = names
    for (const [folder, { watcher, identity }] of this.#folders) {
      if (wanted.get(folder) === identity) continue
      watcher?.close()
      this.#folders.delete(folder)
    }
    for (const [folder, identity] of wanted) {
      if (!this.#folders.has(folder)) this.#folders.set(folder, { watcher: this.#watch(folder), identity })
    }
  }

  /** Undefined where the system has no watch to give: then polling must do. */
  #watch(folder: string): FSWatcher | undefined {
    try {
      const watcher = watch(folder, { persistent: false }, (_, name) => {
        // Others may write here as often as they like. A folder that goes away is told under its own name.
        if (name === null || name === basename(folder) || this.#names.get(folder)?.has(name)) this.#event()
      })
      watcher.on('error', () => this.#event())
      return watcher
    } catch {
      return undefined
    }
  }

  #event(): void {
    if (this.#closed) return
    const now = performance.now()
    if (this.#timer === undefined) this.#firstEvent = now
    clearTimeout(this.#timer)
    const longest = this.#firstEvent + 10 * this.#debounceMs - now
    const delay = Math.max(0, Math.min(this.#debounceMs, longest))
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      this.#check()
    }, delay).unref()
  }

  #check(): void {
    if (this.#checking !== 'no') {
      this.#checking = 'again'
      return
    }
    this.#checking = 'yes'
    void this.#compare().finally(() => {
      const again = this.#checking === 'again'
      this.#checking = 'no'
      if (again && !this.#closed) this.#check()
    })
  }

  async #compare(): Promise<void> {
    // First the watches, then the content: a change in between is seen by one of the two.
    if (!this.#closed) this.#arm()
    const states = await Promise.all(this.#paths.map(stateOf))
    if (this.#closed) return
    const changed = this.#paths.filter((path, index) => this.#states.get(path) !== states[index])
    for (const [index, path] of this.#paths.entries()) this.#states.set(path, states[index] ?? MISSING)
    if (changed.length > 0) this.#onChange(changed)
  }
}

function stateNow(path: string): string {
  try {
    return statSync(path).isFile() ? hash(readFileSync(path)) : MISSING
  } catch {
    return MISSING
  }
}

async function stateOf(path: string): Promise<string> {
  try {
    return (await stat(path)).isFile() ? hash(await readFile(path)) : MISSING
  } catch {
    return MISSING
  }
}

function hash(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex')
}

/** Tells a folder from another one of the same name; inode numbers are used again, so its birth counts too. */
function identityOf(folder: string): string {
  try {
    const { dev, ino, birthtimeMs } = statSync(folder)
    return `${dev}:${ino}:${birthtimeMs}`
  } catch {
    return MISSING
  }
}

/**
 * The folders in which something can happen that changes what a path leads to: its own, and for every symbolic link
 * on the way the folder that holds the link. Where a part does not exist (yet), the folder in which it would appear.
 * Each with the names in it that matter.
 */
function stepsByFolder(path: string): Map<string, string[]> {
  const folders = new Map<string, string[]>()
  let at = parse(path).root
  let rest = stepsOf(path)
  for (let links = 0; links <= MAX_LINKS; ) {
    const [step, ...after] = rest
    if (step === undefined) break
    const next = join(at, step)
    const found = linkAt(next)
    if (found !== 'no link' || after.length === 0) folders.set(at, [...(folders.get(at) ?? []), step])
    if (found === 'nothing') break
    if (found === 'no link') {
      at = next
      rest = after
      continue
    }
    links += 1
    const target = resolve(at, found.to)
    at = parse(target).root
    rest = [...stepsOf(target), ...after]
  }
  return folders
}

function stepsOf(path: string): string[] {
  return path.slice(parse(path).root.length).split(sep).filter(Boolean)
}

function linkAt(path: string): { readonly to: string } | 'no link' | 'nothing' {
  try {
    return lstatSync(path).isSymbolicLink() ? { to: readlinkSync(path) } : 'no link'
  } catch {
    return 'nothing'
  }
}
