import { readFile } from 'node:fs/promises'
import { relative } from 'node:path'
import { maskKeys, maskLine } from '../config/index.ts'
import { looksSecret } from '../config/shown-word.ts'
import { AgwError } from '../errors.ts'
import { addToGitignore, gitState, runWith, withLock, writeFileAtomic } from '../secrets/index.ts'
import type { PlannedFile } from '../setup/planned-file.ts'
import { printableDiff } from './diff.ts'
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
  /** What must have happened before the first file is written, once all was agreed to. */
  readonly beforeWriting?: () => Promise<void>
}

/**
 * Shows what will change, asks where a person is there, keeps secret files out of git, and writes each file in one step.
 * A dry run stops after the diff.
 */
export async function writeFiles(
  files: readonly PlannedFile[],
  options: WriteFilesOptions,
): Promise<WrittenFile[]> {
  const { terminal, cwd } = options
  const before = await Promise.all(files.map(file => textOf(file.path)))
  const changed = files.filter((file, index) => before[index] !== file.content)
  for (const [index, file] of files.entries()) {
    const old = before[index]
    if (old === file.content) continue
    terminal.err(printableDiff(old ?? '', file.content, shortPath(cwd, file.path), terminal, maskFor(file)))
  }
  if (options.dryRun) {
    terminal.err(changed.length === 0 ? 'nothing would change' : 'dry run: nothing was written')
  } else if (changed.length > 0 && !options.yes && options.prompt.allowed) {
    const go = await options.prompt.confirm('--yes', 'Write this?', true)
    if (!go) throw new AgwError('DECLINED', 'nothing was written')
  }
  if (!options.dryRun) {
    // The last question, before the first byte: whoever breaks off here has changed nothing.
    await protectFromGit(files, options)
    await options.beforeWriting?.()
  }
  const written: WrittenFile[] = []
  for (const [index, file] of files.entries()) {
    const action =
      before[index] === undefined ? 'created' : before[index] === file.content ? 'unchanged' : 'updated'
    const result = options.dryRun
      ? { changed: false, mode: file.mode ?? 0 }
      : await writeOne(file, before[index])
    // The same content with a tightened mode is a change too.
    const done = action === 'unchanged' && result.changed ? 'updated' : action
    written.push({ file: shortPath(cwd, file.path), action: done, mode: octal(result.mode) })
  }
  return written
}

/** Keeps secret files out of git: adds those that are neither tracked nor ignored to .gitignore. */
async function protectFromGit(files: readonly PlannedFile[], options: WriteFilesOptions): Promise<void> {
  const { terminal, prompt } = options
  const run = runWith({ env: options.env })
  for (const file of files.filter(one => one.secret)) {
    const name = shortPath(options.cwd, file.path)
    const { state } = await gitState(file.path, run)
    if (state === 'tracked') {
      terminal.err(
        `${terminal.style('yellow', 'warning', 'err')} ${name} is tracked by git: take it out with \`git rm --cached ${name}\`, and change the key`,
      )
    }
    if (state !== 'not-ignored') continue
    const ask = !options.yes && prompt.allowed
    if (ask && !(await prompt.confirm('--yes', `Add ${name} to .gitignore?`, true))) continue
    await addToGitignore(file.path)
    terminal.err(`added ${name} to .gitignore`)
  }
}

/**
 * Writes one file under its lock. What was shown was planned on the text as it was read: when another process has
 * changed the file since, nothing is written, so that no edit is lost.
 */
function writeOne(
  file: PlannedFile,
  before: string | undefined,
): Promise<{ changed: boolean; mode: number }> {
  return withLock(file.path, async () => {
    if ((await textOf(file.path)) !== before) {
      throw new AgwError('CONFIG_CHANGED', `${file.path} was changed by somebody else in the meantime`, {
        hint: 'run the command again',
      })
    }
    return writeFileAtomic(file.path, file.content, file.mode === undefined ? {} : { mode: file.mode })
  })
}

/** A key file is one secret, of which not even the length is shown; in a config, what could be a secret is masked. */
function maskFor(file: PlannedFile): (line: string) => string {
  if (file.keyless === true) return maskKeys
  if (!file.secret || file.path.endsWith('.yaml') || file.path.endsWith('.yml')) return maskLine
  return line => {
    const [, name = '', value = ''] = /^(\s*(?:export\s+)?[A-Za-z_]\w*=)?(.*)$/.exec(line) ?? []
    const shown = looksSecret(name.replace(/=$/, '')) ? '********=' : name
    return value === '' || value.startsWith('#') ? line : `${shown}********`
  }
}

async function textOf(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw new AgwError(
      'WRITE_FAILED',
      `cannot read ${path} to change it (${error.code ?? 'unknown reason'})`,
      {
        hint: 'look at it with `ls -l`',
        cause: error,
      },
    )
  })
}

/** A path as messages name it: relative below the working folder. */
export function shortPath(cwd: string, path: string): string {
  const short = relative(cwd, path)
  return short === '' || short.startsWith('..') ? path : short
}

function octal(mode: number): string {
  return mode === 0 ? '' : (mode & 0o777).toString(8).padStart(4, '0')
}
