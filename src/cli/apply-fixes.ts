import { chmod, readFile, realpath, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { CheckedConfig } from '../checking/check.ts'
import { fixText } from '../config/fix.ts'
import { AgwError } from '../errors.ts'
import { type PlannedFile, SECRET_MODE } from '../setup/planned-file.ts'
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

/**
 * Mends what is certain in configs and key files: shows the diff, asks where a person is there, writes; and once more what
 * could only be seen then, because of a file that is no YAML nothing else is known. Throws CONFIG_CHANGED when a file is
 * not as it was checked.
 */
export async function applyFixes(
  check: () => Promise<readonly CheckedConfig[]>,
  options: WriteFilesOptions,
): Promise<readonly WrittenFile[]> {
  const written = new Map<string, WrittenFile>()
  for (let round = 0; round < ROUNDS; round += 1) {
    const files = await fixOnce(await check(), options)
    if (round === 0 && files.length === 0) options.terminal.err('nothing to fix: unchanged')
    for (const one of files) if (one.action !== 'unchanged' || round === 0) written.set(one.file, one)
    if (files.every(one => one.action === 'unchanged')) break
  }
  return [...written.values()]
}

async function fixOnce(
  checked: readonly CheckedConfig[],
  options: WriteFilesOptions,
): Promise<WrittenFile[]> {
  const texts: PlannedFile[] = []
  const open = new Map<string, OpenFile>()
  for (const one of checked) {
    if (one.path === '-') {
      throw new AgwError('USAGE', 'a config on standard input cannot be changed', { hint: 'name the file' })
    }
    const { text, fixed } = fixText(one.document, one.diagnostics)
    if (fixed.length > 0) texts.push(await plannedText(one, text))
    for (const file of await openFiles(one)) open.set(file.path, file)
  }
  const modes = [...open.values()]
  for (const file of modes) options.terminal.err(`chmod 0600 ${file.name}`)
  return write(texts, modes, options)
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
  const action = dryRun ? 'unchanged' : 'updated'
  return [...files, ...modes.map(({ name }) => ({ file: name, action, mode: dryRun ? '' : '0600' }) as const)]
}

/** The new text of a config, with the byte order mark it had. */
async function plannedText({ path, name, document }: CheckedConfig, text: string): Promise<PlannedFile> {
  const old = await readFile(path, 'utf8')
  const mark = old.startsWith('\ufeff') ? '\ufeff' : ''
  if (old !== mark + document.text) {
    throw new AgwError('CONFIG_CHANGED', `${name} was changed by somebody else in the meantime`, {
      hint: 'run the command again',
    })
  }
  return { path, content: mark + text, what: 'config', secret: false }
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
