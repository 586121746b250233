// Joins the built files, and those dependencies that every start needs, into a few files in bundle/: what is published and
// run. Loading 600 small files cost 150 ms at each start, loading these costs 60 (scripts/bench-start.js).
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, sep } from 'node:path'
import { rolldown } from 'rolldown'

/** Joined in, with all that they need: what every start needs, and what is all small files. Everything else is loaded from node_modules, and only when it is used. */
const JOINED = /^(?:@marcbachmann\/cel-js|@oclif\/core|diff|yaml|zod)(?:\/|$)/
/** What oclif tries to load and does without. */
const OPTIONAL = /^(?:typescript|ts-node|tsx)(?:\/|$)/

/** `root` is the folder of the package; its `dist` is there. */
export async function bundle(root) {
  const dist = join(root, 'dist')
  const folder = join(root, 'bundle')
  rmSync(folder, { recursive: true, force: true })
  const build = await rolldown({
    input: entries(dist),
    platform: 'node',
    external: (name, importer) => isApart(name, importer ?? '', dist),
  })
  const { output } = await build.write({
    dir: folder,
    format: 'esm',
    chunkFileNames: 'parts/[name]-[hash].js',
  })
  await build.close()
  const modules = output.flatMap(file => (file.type === 'chunk' ? file.moduleIds : []))
  writeFileSync(join(folder, 'LICENSES.txt'), licenses(modules))
}

/** Files that are loaded by name: the library, the start, a worker process, the thread that reads, the help, each command and hook. */
function entries(dist) {
  const commands = readdirSync(join(dist, 'commands'), { recursive: true, encoding: 'utf8' })
    .filter(name => name.endsWith('.js'))
    .map(name => join('commands', name))
  const names = [
    'index.js',
    join('cli', 'main.js'),
    join('cli', 'command-not-found.js'),
    join('cli', 'help.js'),
    join('serving', 'workers', 'worker.js'),
    join('serving', 'reading', 'thread.js'),
    ...commands,
  ]
  return Object.fromEntries(names.map(name => [name.slice(0, -3).split(sep).join('/'), join(dist, name)]))
}

function isApart(name, importer, dist) {
  if (name.startsWith('node:') || OPTIONAL.test(name)) return true
  return importer.startsWith(dist) && /^[@\w]/.test(name) && !JOINED.test(name)
}

/** The licence of each package that was joined in. */
function licenses(modules) {
  const folders = new Set(modules.filter(id => id.includes('node_modules')).map(packageFolder))
  const texts = [...folders].sort().map(folder => {
    const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
    const file = readdirSync(folder).find(one => /^licen[cs]e/i.test(one))
    const text = file === undefined ? '' : readFileSync(join(folder, file), 'utf8').trim()
    return `${name} ${version} (${license})\n\n${text}\n`
  })
  return texts.join(`\n${'-'.repeat(80)}\n\n`)
}

function packageFolder(id) {
  let folder = dirname(id.replace(/^\0/, '').split('?')[0])
  while (!isPackage(folder)) folder = dirname(folder)
  return folder
}

/** Some packages have a nameless package.json in their folders, which only says how files are to be read. */
function isPackage(folder) {
  const file = join(folder, 'package.json')
  return existsSync(file) && JSON.parse(readFileSync(file, 'utf8')).version !== undefined
}
