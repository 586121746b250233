import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { onTestFinished } from 'vitest'

const root = resolve(import.meta.dirname, '../..')

/** The URL of a module of `src` as plain JavaScript, for a test that needs it in a process of its own. */
export function compiled(module: string): string {
  const out = mkdtempSync(join(tmpdir(), 'agw-compiled-'))
  onTestFinished(() => rmSync(out, { recursive: true, force: true }))
  writeFileSync(join(out, 'package.json'), '{"type":"module"}')
  const source = join(root, 'src', module.replace(/\.js$/, '.ts'))
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
  const flags = [
    '--target',
    'es2023',
    '--module',
    'nodenext',
    '--rewriteRelativeImportExtensions',
    '--skipLibCheck',
  ]
  const layout = [
    '--rootDir',
    join(root, 'src'),
    '--outDir',
    out,
    '--types',
    'node',
    '--ignoreConfig',
    '--noCheck',
  ]
  execFileSync(process.execPath, [tsc, source, ...flags, ...layout], { cwd: root, stdio: 'pipe' })
  return pathToFileURL(join(out, module)).href
}
