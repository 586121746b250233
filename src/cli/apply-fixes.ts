import { chmod, realpath, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { withoutMark } from '../byte-mark.ts'
import type { CheckedConfig } from '../checking/check.ts'
import { fixText } from '../config/fix.ts'
import { printable } from '../config/printable.ts'
import { AgwError } from '../errors.ts'
import { type PlannedFile, SECRET_MODE } from '../setup/planned-file.ts'
import { textToChange } from '../setup/text-to-change.ts'
import { requireConsent } from './consent.ts'
import { type WriteFilesOptions, type WrittenFile, writeFiles } from './write-files.ts'

/** A key file that others can read. */
interface OpenFile {
  /** As messages call it. */
  readonly name: string
  /** Absolute, links followed. */
  readonly path: string
}

/** How often mends may bring others to light. */
const ROUNDS = 3

/** Checks the configs as they stand, but for those that have a text here, by their absolute path. */
export type CheckWith = (texts: ReadonlyMap<string, string>) => Promise<readonly CheckedConfig[]>

/**
 * Mends what is certain in configs and key files. Mends bring others to light (of a file that is no YAML nothing else is
 * known), so all rounds are gone through in memory first: the diff holds everything, is shown once and agreed to once.
 * Throws CONFIG_CHANGED when a file is not as it was checked.
 */
export async function applyFixes(
  check: CheckWith,
  options: WriteFilesOptions,
): Promise<readonly WrittenFile[]> {
  const texts = new Map<string, string>()
  const madeOf = new Map<string, string>()
  const open = new Map<string, OpenFile>()
  for (let round = 0; round < ROUNDS; round += 1) {
    if (!(await planRound(await check(texts), { texts, madeOf, open }))) break
  }
  if (texts.size === 0 && open.size === 0) options.terminal.err('nothing to fix: unchanged')
  const modes = [...open.values()]
  for (const file of modes) options.terminal.err(`chmod 0600 ${printable(file.name)}`)
  const files: PlannedFile[] = []
  for (const [path, content] of texts) {
    // Somebody else may have mended it by now, and nobody would be asked of what stays as it is.
    if (withoutMark((await textToChange(path)) ?? '') === content) continue
    files.push({ path, content, madeOf: madeOf.get(path) ?? '', what: 'config', secret: false })
  }
  return write(files, modes, options)
}

interface Mended {
  readonly texts: Map<string, string>
  /** What stood in those files. */
  readonly madeOf: Map<string, string>
  readonly open: Map<string, OpenFile>
}

/** Adds what one check finds to mend; whether another check could find more. */
async function planRound(
  checked: readonly CheckedConfig[],
  { texts, madeOf, open }: Mended,
): Promise<boolean> {
  let isNew = false
  for (const one of checked) {
    if (one.path === '-') {
      throw new AgwError('USAGE', 'a config on standard input cannot be changed', { hint: 'name the file' })
    }
    const { text, fixed } = fixText(one.document, one.diagnostics)
    if (fixed.length > 0) {
      if (!texts.has(one.path)) madeOf.set(one.path, one.document.text)
      texts.set(one.path, text)
      isNew = true
    }
    for (const file of await openFiles(one)) open.set(file.path, file)
  }
  return isNew
}

async function write(
  texts: readonly PlannedFile[],
  modes: readonly OpenFile[],
  options: WriteFilesOptions,
): Promise<WrittenFile[]> {
  const { terminal, dryRun } = options
  const files = texts.length > 0 ? await writeFiles(texts, options) : []
  if (texts.length === 0 && modes.length > 0) {
    if (dryRun) terminal.err('dry run: nothing was changed')
    else await requireConsent('Change this?', 'changed', options)
  }
  if (!dryRun) for (const file of modes) await close(file)
  const mended = dryRun ? [] : files.filter(one => one.action === 'updated')
  for (const { file } of mended)
    terminal.err(`${terminal.style('green', 'mended', 'err')} ${printable(file)}`)
  const action = dryRun ? 'unchanged' : 'updated'
  return [...files, ...modes.map(({ name }) => ({ file: name, action, mode: dryRun ? '' : '0600' }) as const)]
}

/** The files with keys that a finding says others can read; files of a mount are not ours to change. */
async function openFiles({ diagnostics, keyFiles }: CheckedConfig): Promise<OpenFile[]> {
  const found: OpenFile[] = []
  for (const { code, severity, message, file, shown } of keyFiles) {
    const isShown = diagnostics.some(one => one.code === code && one.message === message)
    if (code !== 'KEY_FILE_MODE' || severity !== 'warning' || !isShown) continue
    const real = await realpath(file)
    const beside = dirname(real) === (await realpath(dirname(file)))
    found.push({ name: beside ? shown : `${shown} (a link to ${real})`, path: real })
  }
  return found
}

async function close({ name, path }: OpenFile): Promise<void> {
  try {
    const { mode } = await stat(path)
    if ((mode & 0o077) !== 0) await chmod(path, SECRET_MODE)
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown reason'
    throw new AgwError('WRITE_FAILED', `cannot change the mode of ${name} (${code})`, {
      hint: 'run as the owner of the file, who is shown by `ls -l`',
      cause: error,
    })
  }
}
