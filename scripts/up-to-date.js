// Whether what was built is what a build would make now: everything that goes into it is what it was, by contents, and what
// came out of it is there. Checks, packing and the demo each ask for a build, which takes 15 seconds of a processor.
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const FROM = ['src', 'scripts', 'package.json', 'tsconfig.json', 'node_modules/.package-lock.json']
const MADE = ['dist/index.js', 'bundle/index.js', 'bundle/LICENSES.txt', 'oclif.manifest.json']
/** In a folder that a build takes away first. */
const MARK = 'dist/.built-from'

/** Whether what is there was made of these {@link contentsOf}. `root` is the folder of the package. */
export function isMadeOf(contents, root) {
  const mark = join(root, MARK)
  return (
    existsSync(mark) &&
    MADE.every(path => existsSync(join(root, path))) &&
    readFileSync(mark, 'utf8') === contents
  )
}

/** To be called at the end of a build, with what it began with: a file that was saved meanwhile may not be in it. */
export function setMadeOf(contents, root) {
  writeFileSync(join(root, MARK), contents)
}

/** A hash of all that goes into a build, names included, and of the Node that makes it. */
export function contentsOf(root) {
  const hash = createHash('sha256').update(process.version)
  for (const path of FROM.flatMap(name => filesIn(root, name)))
    hash.update(`\0${path}\0`).update(readFileSync(join(root, path)))
  return hash.digest('hex')
}

function filesIn(root, name) {
  if (!existsSync(join(root, name))) return []
  if (statSync(join(root, name)).isFile()) return [name]
  const files = readdirSync(join(root, name), { recursive: true, withFileTypes: true }).filter(one =>
    one.isFile(),
  )
  return files.map(one => join(one.parentPath, one.name).slice(root.length + 1)).sort()
}
