import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize, relative } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ROOT } from './helpers/agw.ts'
import { expectKnownFlags, manifest } from './helpers/known-flags.ts'

/** Written by hand; `docs/diagnostics.md` comes out of the table of codes. */
const PAGES = [
  'README.md',
  'CONTRIBUTING.md',
  'CHANGELOG.md',
  ...readdirSync(join(ROOT, 'docs'))
    .filter(name => name.endsWith('.md') && name !== 'diagnostics.md')
    .map(name => `docs/${name}`),
]
const read = (name: string): string => readFileSync(join(ROOT, name), 'utf8')
const all = (text: string, pattern: RegExp): string[] =>
  [...text.matchAll(pattern)].map(([, found = '']) => found)

/** What a heading is linked by: in small letters, without signs, and hyphens for spaces. */
function anchors(page: string): string[] {
  const headings = all(page.replace(/^```[\s\S]*?^```/gm, ''), /^#+ (.+)$/gm)
  return headings.map(heading =>
    heading
      .toLowerCase()
      .replace(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  )
}

/** The paths of a tree that is drawn by indentation, folders with their slash. */
function drawn(tree: string): string[] {
  const above: string[] = []
  return tree.split('\n').flatMap(line => {
    const [, indent = '', name] = /^( *)([\w.-]+\/?)/.exec(line) ?? []
    if (name === undefined) return []
    above.splice(indent.length / 2, Infinity, name)
    return [above.join('')]
  })
}

const sources = ['src', 'bin', 'scripts', 'test'].flatMap(folder =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter(name => /\.[jt]s$/.test(name) && name !== 'docs.test.ts')
    .map(name => join(folder, name)),
)
const code = sources.map(read).join('\n') + read('oclif.manifest.json')

describe.each(PAGES)('%s', page => {
  const text = read(page)

  it('links to what there is', () => {
    const links = all(text, /\]\((?!https?:|#)([^)#]+)/g)
    expect(links.filter(link => !existsSync(join(ROOT, dirname(page), link)))).toEqual([])
  })

  it('links to headings there are', () => {
    const links = [...text.matchAll(/\]\(((?!https?:)[^)#]*)#([^)]+)\)/g)]
    const broken = links.filter(([, file = '', heading = '']) => {
      const target = file === '' ? page : normalize(join(dirname(page), file))
      return !anchors(read(target)).includes(heading)
    })
    expect(broken.map(([link]) => link)).toEqual([])
  })

  it('names files and folders there are', () => {
    const rooms =
      'src|test|scripts|docs|bin|cli|commands|config|gateway|kubernetes|mock|providers|secrets|serving'
    const paths = all(text, new RegExp(`\`((?:${rooms})/[\\w./-]+)`, 'g'))
    const known = (path: string) => existsSync(join(ROOT, path)) || existsSync(join(ROOT, 'src', path))
    // Tests may be named by the start of their names, as vitest takes it.
    expect(paths.filter(path => !known(path) && !sources.some(one => one.startsWith(path)))).toEqual([])
  })

  it('names variables that something reads, and flags there are', () => {
    const variables = all(text, /\b(AGW_[A-Z_]*[A-Z])\b/g)
    expect(variables.filter(name => !code.includes(name))).toEqual([])
    expectKnownFlags(text, 0)
  })
})

it('the architecture page has each folder of src, each file beside them, and nothing else', () => {
  const [tree = ''] = all(read('docs/architecture.md'), /^```\n(bin\/\n[\s\S]*?)```/gm)
  const src = readdirSync(join(ROOT, 'src'), { recursive: true, withFileTypes: true })
  const rooms = src
    .filter(one => one.isDirectory())
    .map(one => `${relative(ROOT, join(one.parentPath, one.name))}/`)
  const files = src
    .filter(one => one.isFile() && one.parentPath === join(ROOT, 'src'))
    .map(one => `src/${one.name}`)
  const bin = readdirSync(join(ROOT, 'bin')).map(one => `bin/${one}`)
  expect(drawn(tree).sort()).toEqual(['bin/', 'src/', 'test/', ...bin, ...rooms, ...files].sort())
})

it('the examples of each help text have flags there are', () => {
  const examples = Object.values(manifest.commands).flatMap(one => one.examples ?? [])
  expectKnownFlags(examples.join('\n').replaceAll('<%= config.bin %>', 'agw'), examples.length)
})
