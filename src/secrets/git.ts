import { readFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { AgwError } from '../errors.ts'
import { withLock } from './lock.ts'
import type { Run } from './run.ts'
import { removeEmptied, writeFileAtomic } from './write.ts'
import { writeFailed } from './write-error.ts'

/** What git does with a file. */
export interface GitState {
  readonly state: 'tracked' | 'ignored' | 'not-ignored' | 'no-repository'
  /** Why it could not be told, where git is missing or refuses. */
  readonly note?: string
}

/**
 * Whether git tracks, ignores or would take in a file, which need not exist. Tracked files are asked for first: an
 * ignore pattern does nothing for a file that is tracked already.
 */
export async function gitState(path: string, run: Run): Promise<GitState> {
  // A repository may bring a program along that git would start to look for changes.
  const where = ['-C', dirname(path), '-c', 'core.fsmonitor=false']
  const name = basename(path)
  try {
    const listed = await run('git', [...where, 'ls-files', '--error-unmatch', '--', `:(literal)${name}`])
    if (listed.exitCode === 0) return { state: 'tracked' }
    if (listed.exitCode !== 1) return await noRepository(where, run)
    const checked = await run('git', [...where, 'check-ignore', '--quiet', '--no-index', '--', name])
    return { state: checked.exitCode === 0 ? 'ignored' : 'not-ignored' }
  } catch (error) {
    if (!(error instanceof AgwError)) throw error
    return { state: 'no-repository', note: error.message }
  }
}

/** Git answers 128 both outside of a repository and in one whose owner it does not trust. */
async function noRepository(where: readonly string[], run: Run): Promise<GitState> {
  const { stderr } = await run('git', [...where, 'rev-parse', '--git-dir'])
  const refused = /dubious ownership|safe\.directory/.test(stderr)
  return {
    state: 'no-repository',
    ...(refused && { note: 'git refuses to look into this folder, which belongs to another user' }),
  }
}

/**
 * Adds a file to the `.gitignore` beside it, which is made if needed, unless a line names it already. Other lines stay
 * as they are. Throws WRITE_FAILED.
 */
export async function addToGitignore(path: string): Promise<{ changed: boolean; file: string }> {
  const file = join(dirname(path), '.gitignore')
  const line = ignoreLine(path)
  return await withLock(file, async () => {
    const text = await readIfThere(file)
    if (text.split(/\r?\n/).some(one => one === line || one === line.slice(1)))
      return { changed: false, file }
    const newline = text.includes('\r\n') ? '\r\n' : '\n'
    const gap = text === '' || text.endsWith('\n') ? '' : newline
    const added = `${gap}${WHY_IGNORED}${newline}${line}${newline}`
    await writeFileAtomic(file, text + added)
    return { changed: true, file }
  })
}

/**
 * Takes out what {@link addToGitignore} put there for a file, and the .gitignore when nothing else is in it; a line that
 * somebody else wrote stays. Throws WRITE_FAILED.
 */
export async function removeFromGitignore(path: string): Promise<{ changed: boolean; file: string }> {
  const file = join(dirname(path), '.gitignore')
  return await withLock(file, async () => {
    const lines = (await readIfThere(file)).split('\n')
    const own = lines.findIndex(
      (line, index) => line.trimEnd() === WHY_IGNORED && lines[index + 1]?.trimEnd() === ignoreLine(path),
    )
    if (own === -1) return { changed: false, file }
    lines.splice(own, 2)
    const rest = lines.join('\n')
    if (rest.trim() === '' && (await removeEmptied(file))) return { changed: true, file }
    await writeFileAtomic(file, rest)
    return { changed: true, file }
  })
}

const WHY_IGNORED = '# holds a secret, kept out by agw'

function ignoreLine(path: string): string {
  const name = basename(path)
  return `/${name.replace(/[\\*?[\]]/g, '\\$&').replace(/ +$/, spaces => '\\ '.repeat(spaces.length))}`
}

async function readIfThere(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return ''
    throw writeFailed(file, error)
  }
}
