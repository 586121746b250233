// Compiles to dist/, joins that to bundle/, then writes the command manifest that lets `agw` start without loading every
// command. Does nothing where all that is there already.
import { execFileSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { bundle } from './bundle.js'
import { contentsOf, isMadeOf, setMadeOf } from './up-to-date.js'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const require = createRequire(import.meta.url)
const bin = (name, path) => join(dirname(require.resolve(`${name}/package.json`)), path)
// The command-line library's tool would look for a newer one of itself, over the network.
const env = { ...process.env, OCLIF_SKIP_NEW_VERSION_CHECK: 'true' }
const run = (...args) => execFileSync(process.execPath, args, { cwd: root, stdio: 'inherit', env })

const contents = contentsOf(root)
if (!isMadeOf(contents, root)) {
  rmSync(join(root, 'dist'), { recursive: true, force: true })
  rmSync(join(root, 'oclif.manifest.json'), { force: true })
  run(bin('typescript', 'bin/tsc'), '-p', '.')
  await bundle(root)
  run(bin('oclif', 'bin/run.js'), 'manifest', '.')
  setMadeOf(contents, root)
}
