import { chmod, readFile, realpath, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { CheckedConfig } from '../check.ts'
import type { Diagnostic } from '../config/diagnostic.ts'
import { fixText } from '../config/fix.ts'
import { AgwError } from '../errors.ts'
import { type PlannedFile, SECRET_MODE } from '../setup/planned-file.ts'
import { type WriteFilesOptions, type WrittenFile, writeFiles } from './write-files.ts'

/** What `--fix` did, or would do. */
export interface Fixed {
  readonly files: readonly WrittenFile[]
  readonly findings: readonly Diagnostic[]
}

/** A key file that others can read. */
interface OpenFile {
  /** As messages call it. */
  readonly name: string
  /** Absolute, links followed. */
  readonly path: string
}

/**
 * Mends what is certain in configs and key files: shows the diff, asks where a person is there, writes. Throws
 * CONFIG_CHANGED when a file is not as it was checked.
 */
export async function applyFixes(
  checked: readonly CheckedConfig[],
  options: WriteFilesOptions,
): Promise<Fixed> {
  const findings: Diagnostic[] = []
  const texts: PlannedFile[] = []
  const open = new Map<string, OpenFile>()
  for (const one of checked) {
    if (one.path === '-') {
      throw new AgwError('USAGE', 'a config on standard input cannot be changed', { hint: 'name the file' })
    }
    const { text, fixed } = fixText(one.document, one.diagnostics)
    if (fixed.length > 0) texts.push(await plannedText(one, text))
    findings.push(...fixed)
    for (const [finding, file] of await openFiles(one)) {
      findings.push(finding)
      open.set(file.path, file)
    }
  }
  const modes = [...open.values()]
  for (const file of modes) options.terminal.err(`chmod 0600 ${file.name}`)
  const written = await write(texts, modes, options)
  return { files: written, findings }
}

async function write(
  texts: readonly PlannedFile[],
  modes: readonly OpenFile[],
  options: WriteFilesOptions,
): Promise<WrittenFile[]> {
  const { terminal, prompt, dryRun, yes } = options
  const files = texts.length > 0 ? await writeFiles(texts, options) : []
  if (texts.length === 0) {
    if (modes.length === 0) terminal.err('nothing to fix: unchanged')
    else if (dryRun) terminal.err('dry run: nothing was changed')
    else if (!yes && prompt.allowed && !(await prompt.confirm('--yes', 'Change this?', true))) {
      throw new AgwError('INTERRUPTED', 'nothing was changed')
    }
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
async function openFiles({
  diagnostics,
  keyFiles,
}: CheckedConfig): Promise<[finding: Diagnostic, file: OpenFile][]> {
  const found: [Diagnostic, OpenFile][] = []
  for (const { code, severity, message, file, shown } of keyFiles) {
    const finding = diagnostics.find(one => one.code === code && one.message === message)
    if (code !== 'KEY_FILE_MODE' || severity !== 'warning' || finding === undefined) continue
    const real = await realpath(file)
    const beside = dirname(real) === (await realpath(dirname(file)))
    found.push([finding, { name: beside ? shown : `${shown} (a link to ${real})`, path: real }])
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
