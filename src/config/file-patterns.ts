import type { Dirent } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { AgwError } from '../errors.ts'

/** Folders that `**` does not go into. */
const SKIPPED = /^(?:\.|node_modules$)/

/**
 * Paths and patterns as paths, each file once, in the order given and by name within a pattern. `*` and `?` stand for
 * characters of one name, `**` for folders of any depth (but for hidden ones and node_modules; links to folders are
 * not followed). A path that exists is never taken for a pattern, and `-` stays. Throws USAGE where nothing matches.
 */
export async function expandFilePatterns(patterns: readonly string[], cwd: string): Promise<string[]> {
  const found = new Map<string, string>()
  for (const pattern of patterns) {
    const plain = pattern === '-' || !/[*?]/.test(pattern) || (await exists(resolve(cwd, pattern)))
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

async function matches(pattern: string, cwd: string): Promise<string[]> {
  const steps = pattern.split(/[\\/]/)
  const fixed = steps.findIndex(step => /[*?]/.test(step))
  return (
    await walk(steps.slice(0, fixed).join('/') || (fixed > 0 ? '/' : ''), steps.slice(fixed), cwd)
  ).sort()
}

async function walk(folder: string, [step = '', ...rest]: readonly string[], cwd: string): Promise<string[]> {
  const entries = await readdir(resolve(cwd, folder), { withFileTypes: true }).catch((): Dirent[] => [])
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
    named.map(
      async entry =>
        entry.isFile() || (entry.isSymbolicLink() && (await isFile(resolve(cwd, at(entry.name))))),
    ),
  )
  return named.filter((_, index) => files[index]).map(entry => at(entry.name))
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}

async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    stats => stats.isFile(),
    () => false,
  )
}
