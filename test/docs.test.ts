import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ROOT } from './helpers/agw.ts'
import { expectKnownFlags } from './helpers/known-flags.ts'

/** Written by hand; `docs/diagnostics.md` comes out of the table of codes. */
const PAGES = [
  'README.md',
  'CONTRIBUTING.md',
  ...readdirSync(join(ROOT, 'docs'))
    .filter(name => name.endsWith('.md') && name !== 'diagnostics.md')
    .map(name => `docs/${name}`),
]
const read = (name: string): string => readFileSync(join(ROOT, name), 'utf8')
const all = (text: string, pattern: RegExp): string[] =>
  [...text.matchAll(pattern)].map(([, found = '']) => found)

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
