import { stat } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import type { KeySlot } from '../config/slots.ts'
import { suggested } from '../suggested.ts'
import { gitState } from './git.ts'
import { checkMode, type FileFacts } from './read.ts'
import type { ResolvedSlot } from './resolved-slot.ts'
import type { Run } from './run.ts'
import type { VariableTable } from './variable-table.ts'

/** A file that keys of slots stand in. */
interface KeyFile {
  /** The first of the slots. */
  readonly slot: KeySlot
  readonly file: string
  /** Undefined for the config itself. */
  readonly facts: FileFacts | undefined
}

/** What is wrong with a file that holds keys. */
export interface KeyFileFinding {
  readonly slot: KeySlot
  /** Absolute. */
  readonly file: string
  /** As messages call it. */
  readonly shown: string
  readonly code: 'KEY_FILE_MODE' | 'KEY_IN_GIT' | 'KEY_NOT_IGNORED'
  readonly severity: 'error' | 'warning' | 'note'
  readonly message: string
  readonly hint: string
}

export interface KeyFileContext {
  /** The config's path; `-` for standard input. */
  readonly path: string
  readonly cwd: string
  readonly variables: VariableTable
  readonly run: Run
}

/** Who else may see the files that keys stand in: other users of the machine, and everyone who has the repository. */
export async function keyFileFindings(
  resolved: readonly ResolvedSlot[],
  context: KeyFileContext,
): Promise<KeyFileFinding[]> {
  const files = keyFiles(resolved, context)
  const found = await Promise.all(files.map(file => findingsOf(file, context)))
  return found.flat()
}

function keyFiles(
  resolved: readonly ResolvedSlot[],
  { path, variables }: KeyFileContext,
): readonly KeyFile[] {
  const files = new Map<string, KeyFile>()
  const add = (slot: KeySlot, file: string, facts: FileFacts | undefined): void => {
    if (!files.has(file)) files.set(file, { slot, file, facts })
  }
  for (const { slot, secret, file, facts } of resolved) {
    if (secret === undefined) continue
    if (file !== undefined) add(slot, file, facts)
    else if (slot.method === 'inline' && path !== '-') add(slot, path, undefined)
    const home = slot.variable === undefined ? undefined : variables.lookup(slot.variable)?.home
    if (home !== undefined) add(slot, home.file, home.facts)
  }
  return [...files.values()]
}

async function findingsOf(
  { slot, file, facts }: KeyFile,
  context: KeyFileContext,
): Promise<KeyFileFinding[]> {
  const shown = shownFile(slot, file, context.cwd)
  const mode = facts === undefined ? undefined : checkMode(facts, shown)
  const about = { slot, file, shown }
  const found: KeyFileFinding[] = mode === undefined ? [] : [{ ...about, code: 'KEY_FILE_MODE', ...mode }]
  // What is mounted into a container belongs to no repository.
  if ((facts?.kind ?? 'plain') !== 'plain' || !(await isInRepository(file))) return found
  const { state } = await gitState(file, context.run)
  if (state === 'tracked') {
    const message = `git tracks ${shown}: everyone who gets the repository gets the key`
    const hint =
      facts === undefined
        ? `move the key out with ${suggested('keys', 'set', slot.name, '--method', 'file')}, and make a new one`
        : `run \`git rm --cached ${shown}\`, add it to .gitignore, and make a new key`
    found.push({ ...about, code: 'KEY_IN_GIT', severity: 'error', message, hint })
  }
  if (state === 'not-ignored' && facts !== undefined) {
    const message = `git does not ignore ${shown}: the next \`git add .\` takes the key in`
    found.push({
      ...about,
      code: 'KEY_NOT_IGNORED',
      severity: 'warning',
      message,
      hint: 'add it to .gitignore',
    })
  }
  return found
}

/** As the config names it, or else from the working folder. */
function shownFile(slot: KeySlot, file: string, cwd: string): string {
  return slot.file ?? (relative(cwd, file) || file)
}

/** Whether git could have a say at all: starting it costs more than all the rest of a check. */
async function isInRepository(file: string): Promise<boolean> {
  for (let folder = dirname(file); ; folder = dirname(folder)) {
    const there = await stat(join(folder, '.git')).then(
      () => true,
      () => false,
    )
    if (there) return true
    if (dirname(folder) === folder) return false
  }
}
