// npm runs this after `npm ci` here, and for whoever installs agw from git, as pre-commit does: there nothing is built yet.
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const has = path => existsSync(join(root, path))

if (!has('bundle') || !has('oclif.manifest.json')) {
  if (!has('node_modules/typescript')) {
    // A global installation from git comes without what the build needs (npm/cli#8440).
    const { npm_config_global: _, npm_execpath: npm, ...env } = process.env
    const args = [npm, 'ci', '--include=dev', '--ignore-scripts', '--no-audit']
    execFileSync(process.execPath, args, { cwd: root, env, stdio: 'inherit' })
  }
  await import('./build.js')
}
