import type { Dirent } from 'node:fs'
import { lstat, readdir, stat } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { AgwError } from '../errors.ts'
import { readPlainText } from '../plain-file.ts'
import { AGW_FILE } from './find.ts'

const MANIFEST = /^kubernetes(?:-pod|-secret)?\.yaml$/
/** Folders that `**` does not go into. */
const SKIPPED = /^(?:\.|node_modules$)/

/**
 * Paths and patterns as paths, each file once, in the order given and by name within a pattern. `*` and `?` stand for
 * characters of one name, `{a,b}` for one of these, `**` for folders of any depth (but for hidden ones and node_modules; links to folders are
 * not followed). What agw writes beside a config is no config, and no pattern stands for it, nor for a folder. What matches and
 * cannot be read is among them, and so is a folder that cannot be looked into: who reads it says why, else a check would pass
 * because nothing was checked. A path that exists is never taken for a pattern, and `-` stays. Throws USAGE where nothing
 * matches, and for braces that stand for too many names.
 */
export async function expandFilePatterns(patterns: readonly string[], cwd: string): Promise<string[]> {
  const found = new Map<string, string>()
  for (const pattern of patterns) {
    const plain = pattern === '-' || !PATTERN.test(pattern) || (await exists(resolve(cwd, pattern)))
    const paths = plain ? [pattern] : await matches(pattern, cwd)
    if (paths.length === 0) {
      throw new AgwError('USAGE', `no file matches ${JSON.stringify(pattern)}`, {
        hint: 'look at the folder with `ls`; `**` stands for folders of any depth',
      })
    }
    for (const path of paths) found.set(path === '-' ? path : resolve(cwd, path), path)
  }
  return [...found.values()]
}

/** What makes a path a pattern; one of several words has no braces in it. */
const PATTERN = /[*?]|\{[^{}]*,[^{}]*\}/
const ONE_OF = /\{([^{}]*,[^{}]*)\}/
/** A pattern may stand for so many at most. */
const MOST_FORMS = 1_000

/** The patterns that one with braces stands for. Throws USAGE where it stands for too many. */
function formsOf(pattern: string): string[] {
  const forms = [pattern]
  for (let at = 0; at < forms.length; ) {
    const form = forms[at] ?? ''
    const [all, words] = ONE_OF.exec(form) ?? []
    if (all === undefined || words === undefined) at += 1
    else forms.splice(at, 1, ...words.split(',').map(word => form.replace(all, () => word)))
    if (forms.length > MOST_FORMS) {
      throw new AgwError('USAGE', `${JSON.stringify(pattern)} stands for more than ${MOST_FORMS} names`, {
        hint: 'write it with fewer {…}, or with * in their place',
      })
    }
  }
  return forms
}

async function matches(pattern: string, cwd: string): Promise<string[]> {
  const found = await Promise.all(formsOf(pattern).map(form => matchesOf(form, cwd)))
  const files = [...new Set(found.flat())].sort()
  const other = await Promise.all(files.map(file => isWrittenBeside(resolve(cwd, file))))
  return files.filter((_, index) => other[index] !== true)
}

/** agw.yaml, which is checked with its config, and manifests. A config may be called as these are: its text tells. */
async function isWrittenBeside(path: string): Promise<boolean> {
  const name = basename(path)
  if (name === AGW_FILE || !MANIFEST.test(name)) return name === AGW_FILE
  return readPlainText(path).then(
    (text = '') => text.startsWith('apiVersion:'),
    () => false,
  )
}

async function matchesOf(pattern: string, cwd: string): Promise<string[]> {
  if (!/[*?]/.test(pattern)) return (await mayBeConfig(resolve(cwd, pattern))) ? [pattern] : []
  const steps = pattern.split(/[\\/]/)
  const fixed = steps.findIndex(step => /[*?]/.test(step))
  return walk(steps.slice(0, fixed).join('/') || (fixed > 0 ? '/' : ''), steps.slice(fixed), cwd)
}

async function walk(folder: string, steps: readonly string[], cwd: string): Promise<string[]> {
  const path = resolve(cwd, folder)
  const entries = await readdir(path, { withFileTypes: true }).catch((error: unknown) => error)
  if (!Array.isArray(entries)) return (await isAbsent(path, entries)) ? [] : [folder || '.']
  return await matchesIn(folder, entries as Dirent[], steps, cwd)
}

async function matchesIn(
  folder: string,
  entries: readonly Dirent[],
  [step = '', ...rest]: readonly string[],
  cwd: string,
): Promise<string[]> {
  const at = (name: string): string => (folder === '' ? name : join(folder, name))
  if (step === '**') {
    const below = entries.filter(entry => entry.isDirectory() && !SKIPPED.test(entry.name))
    const deeper = below.map(entry => walk(at(entry.name), [step, ...rest], cwd))
    return [
      ...new Set((await Promise.all([walk(folder, rest.length > 0 ? rest : ['*'], cwd), ...deeper])).flat()),
    ]
  }
  const fits = new RegExp(
    `^${step
      .replace(/[.+^${}()|[\]\\]/g, '\\$&')
      .replace(/\*+/g, '.*')
      .replaceAll('?', '.')}$`,
    's',
  )
  const named = entries.filter(
    ({ name }) => fits.test(name) && (step.startsWith('.') || !name.startsWith('.')),
  )
  if (rest.length > 0) {
    const folders = named.filter(entry => entry.isDirectory() || entry.isSymbolicLink())
    return (await Promise.all(folders.map(entry => walk(at(entry.name), rest, cwd)))).flat()
  }
  const files = await Promise.all(
    named.map(entry =>
      entry.isSymbolicLink() ? mayBeConfig(resolve(cwd, at(entry.name))) : !entry.isDirectory(),
    ),
  )
  return named.filter((_, index) => files[index]).map(entry => at(entry.name))
}

async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  )
}

/** Whether something is there that is no folder; who reads it says what else is wrong with it. */
async function mayBeConfig(path: string): Promise<boolean> {
  return stat(path).then(
    stats => !stats.isDirectory(),
    async (error: unknown) => !(await isAbsent(path, error)),
  )
}

/** Whether nothing is there; a link that leads nowhere is. */
async function isAbsent(path: string, error: unknown): Promise<boolean> {
  const { code } = error as NodeJS.ErrnoException
  return code === 'ENOTDIR' || (code === 'ENOENT' && !(await exists(path)))
}
