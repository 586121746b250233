import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve, sep } from 'node:path'
import { parseAst } from 'rolldown/parseAst'
import { describe, expect, it } from 'vitest'
import { ROOT } from './helpers/agw.ts'

const DIST = join(ROOT, 'dist')

/** Static imports of a built file: relative ones as paths, others by package name; `import()` apart. */
function importsOf(file: string): { files: string[]; packages: string[] } {
  const text = readFileSync(file, 'utf8').replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '')
  const files: string[] = []
  const packages: string[] = []
  for (const [, name = ''] of text.matchAll(/^(?:import|export)\s(?:[^'"]*?\sfrom\s)?['"]([^'"]+)['"]/gm)) {
    if (name.startsWith('.')) files.push(resolve(dirname(file), name))
    else if (!name.startsWith('node:')) packages.push(packageOf(name))
  }
  return { files, packages }
}

/** `@oclif/core` of `@oclif/core/lib/x`, `ajv` of `ajv/dist/2020.js`. */
function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')
}

/** All that loading a file loads before any of its functions runs. */
function closure(entry: string): { files: Set<string>; packages: Set<string> } {
  const files = new Set<string>()
  const packages = new Set<string>()
  const visit = (file: string): void => {
    if (files.has(file)) return
    files.add(file)
    const found = importsOf(file)
    for (const name of found.packages) packages.add(name)
    for (const next of found.files) visit(next)
  }
  visit(entry)
  return { files, packages }
}

function sources(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter(name => name.endsWith('.js'))
    .map(name => join(folder, name))
}

const name = (file: string): string => relative(DIST, file).split(sep).join('/')
const room = (file: string): string => (name(file).includes('/') ? (name(file).split('/')[0] ?? '') : 'top')

/** Room → rooms its files may import; `top` is the files directly in src. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  commands: [
    'doctor',
    'cli',
    'config',
    'secrets',
    'providers',
    'gateway',
    'kubernetes',
    'mock',
    'setup',
    'checking',
    'keys',
    'test-route',
    'serving',
    'top',
  ],
  cli: [
    'doctor',
    'config',
    'secrets',
    'providers',
    'setup',
    'checking',
    'keys',
    'test-route',
    'serving',
    'top',
  ],
  setup: ['config', 'secrets', 'providers', 'kubernetes', 'top'],
  gateway: ['providers', 'secrets', 'config', 'top'],
  secrets: ['config', 'top'],
  config: ['secrets', 'top'],
  kubernetes: ['secrets', 'config', 'top'],
  providers: ['secrets', 'top'],
  mock: ['secrets', 'top'],
  checking: ['gateway', 'secrets', 'config', 'top'],
  keys: ['setup', 'serving', 'gateway', 'secrets', 'config', 'top'],
  'test-route': ['mock', 'checking', 'gateway', 'secrets', 'config', 'top'],
  serving: ['mock', 'checking', 'gateway', 'secrets', 'config', 'top'],
  doctor: ['gateway', 'serving', 'secrets', 'config', 'top'],
  top: [
    'checking',
    'keys',
    'test-route',
    'config',
    'secrets',
    'providers',
    'gateway',
    'kubernetes',
    'mock',
    'serving',
    'setup',
    'top',
  ],
}

/** Package → the one place that may import it. */
const DOORS: Readonly<Record<string, RegExp>> = {
  yaml: /^config\//,
  zod: /^config\//,
  undici: /^gateway\//,
  inquirer: /^cli\/prompt\.js$/,
  execa: /^secrets\/run\.js$/,
  '@marcbachmann/cel-js': /^gateway\/cel\/cel\.js$/,
  jose: /^gateway\/auth\/tokens\.js$/,
  '@napi-rs/keyring': /^secrets\/sources\/keychain\.js$/,
  'age-encryption': /^secrets\/age\.js$/,
  '@aws-sdk/client-secrets-manager': /^secrets\/sources\/aws\.js$/,
  '@aws-sdk/client-ssm': /^secrets\/sources\/aws\.js$/,
  '@opentelemetry/api': /^serving\/otlp\.js$/,
  '@opentelemetry/sdk-trace-base': /^serving\/otlp\.js$/,
  '@opentelemetry/resources': /^serving\/otlp\.js$/,
  '@opentelemetry/exporter-trace-otlp-proto': /^serving\/otlp\.js$/,
  diff: /^cli\/diff\.js$/,
  ajv: /^config\/published-schema\.js$/,
  '@oclif/core': /^(?:cli|commands)\//,
}

describe.skipIf(!existsSync(DIST))('the built files', () => {
  const all = sources(DIST)

  it('import downwards only', () => {
    const wrong: string[] = []
    for (const file of all) {
      for (const target of importsOf(file).files) {
        const [from, to] = [room(file), room(target)]
        if (from !== to && !(MAY_IMPORT[from] ?? []).includes(to))
          wrong.push(`${name(file)} → ${name(target)}`)
      }
    }
    expect(wrong).toEqual([])
  })

  it('reach config from the gateway and from secrets by types only, but for positions and names of paths', () => {
    const wrong: string[] = []
    for (const file of all.filter(one => room(one) === 'config')) {
      for (const target of importsOf(file).files) {
        if (room(target) === 'secrets' && name(target) !== 'secrets/secret.js')
          wrong.push(`${name(file)} → ${name(target)}`)
      }
    }
    expect(wrong).toEqual([])
  })

  it('have no cycles', () => {
    const state = new Map<string, 'open' | 'done'>()
    const cycles: string[] = []
    const visit = (file: string, trail: string[]): void => {
      if (state.get(file) === 'done') return
      if (state.get(file) === 'open') {
        cycles.push([...trail.slice(trail.indexOf(name(file))), name(file)].join(' → '))
        return
      }
      state.set(file, 'open')
      for (const next of importsOf(file).files) visit(next, [...trail, name(file)])
      state.set(file, 'done')
    }
    for (const file of all) visit(file, [])
    expect(cycles).toEqual([])
  })

  it('open each dependency by its one door', () => {
    const wrong: string[] = []
    for (const file of all) {
      const text = readFileSync(file, 'utf8')
      const dynamic = [...text.matchAll(/import\(['"]([^'".][^'"]*)['"]\)/g)].map(([, found = '']) => found)
      for (const used of [...importsOf(file).packages, ...dynamic.filter(one => !one.startsWith('node:'))]) {
        if (DOORS[packageOf(used)]?.test(name(file)) !== true) wrong.push(`${name(file)} imports ${used}`)
      }
    }
    expect(wrong).toEqual([])
  })

  it('read the process in bin, cli and commands only', () => {
    const wrong = all
      .filter(file => !['cli', 'commands'].includes(room(file)))
      .filter(file =>
        reaches(file, /^process\.(?:env|argv|stdin|stdout|stderr|cwd|exit|exitCode|platform|on|once)\b/),
      )
      .map(name)
    expect(wrong).toEqual([])
  })

  it('write by the terminal only, which redacts', () => {
    // The hook for unknown commands runs before there is a secret.
    const doors = ['cli/terminal.js', 'cli/command-not-found.js']
    const wrong = all
      .filter(file => !doors.includes(name(file)))
      .filter(file => reaches(file, /^console\.|^process\.std(?:out|err)\.write$/))
      .map(name)
    expect(wrong).toEqual([])
  })

  it('reveal secrets in these files only', () => {
    const found = all
      .filter(file => reaches(file, /\.reveal$/))
      .map(name)
      .sort()
    expect(found).toMatchSnapshot()
  })

  it.each([
    ['key.reveal()', ['key.reveal']],
    ['`Bearer ${token.reveal()}`', ['token.reveal']],
    ['`${`${a?.reveal()}`}`', ['a.reveal']],
    ["get(of)['reveal']()", ['?.reveal']],
    ['const { reveal } = key', ['?.reveal']],
    ['// key.reveal()\n"key.reveal()"; `key.reveal()`', []],
    ["'https://x'; `${process.env.HOME}`", ['process.env.HOME', 'process.env']],
  ])('are read as code, and nothing else is: %s', (text, names) => expect(reached(text)).toEqual(names))
})

describe.skipIf(!existsSync(DIST))('starting up loads little', () => {
  const heavy = [
    'undici',
    'execa',
    'inquirer',
    '@napi-rs/keyring',
    'age-encryption',
    '@aws-sdk/client-secrets-manager',
    '@aws-sdk/client-ssm',
  ]
  it.each([
    'validate',
    'keys/list',
    'keys/set',
    'keys/scan',
    'keys/move',
    'keys/remove',
    'keys/check',
    'keys/rotate',
    'doctor',
    'init',
    'mock',
    'demo',
    'serve',
    'test-route',
    'run',
  ])('%s', command => {
    const { packages } = closure(join(DIST, 'commands', `${command}.js`))
    expect(heavy.filter(one => packages.has(one))).toEqual([])
  })
})

const BUNDLE = join(ROOT, 'bundle')

describe.skipIf(!existsSync(BUNDLE))('the files that are run', () => {
  const entries = sources(BUNDLE).filter(file => !relative(BUNDLE, file).startsWith('parts'))

  it('load no package at start: what every start needs is joined in', () => {
    const loaded = entries.map(file => [relative(BUNDLE, file), ...closure(file).packages])
    expect(loaded.filter(([, ...packages]) => packages.length > 0)).toEqual([])
  })

  it('start without the schema, until a command needs it', () => {
    const all = [...closure(join(BUNDLE, 'cli', 'main.js')).files].map(file => readFileSync(file, 'utf8'))
    expect(all.filter(text => text.includes('dist/config/schema'))).toEqual([])
  })

  it('come with the licences of what is joined in', () => {
    const text = readFileSync(join(BUNDLE, 'LICENSES.txt'), 'utf8')
    for (const name of ['@oclif/core', 'yaml', 'zod']) expect(text).toMatch(new RegExp(`^${name} \\d`, 'm'))
  })
})

interface Node {
  readonly type: string
  readonly [more: string]: unknown
}

/**
 * What a text of JavaScript reaches with a dot, as `process.env.HOME`; `?` stands for what is no name. Comments and texts
 * are none of it, what stands in a template is.
 */
function reached(text: string): string[] {
  const found: string[] = []
  const visit = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return
    if (Array.isArray(value)) return value.forEach(visit)
    const node = value as Node
    if (node.type === 'MemberExpression') found.push(dotted(node))
    // `const { reveal } = secret`
    if (node.type === 'ObjectPattern')
      for (const { key } of node['properties'] as { key?: Node }[]) found.push(`?.${key?.['name']}`)
    for (const child of Object.values(node)) visit(child)
  }
  visit(parseAst(text))
  return found
}

function dotted(node: Node): string {
  if (node.type === 'Identifier') return String(node['name'])
  if (node.type === 'ChainExpression') return dotted(node['expression'] as Node)
  if (node.type !== 'MemberExpression') return '?'
  const property = node['property'] as Node
  const name = property.type === 'Literal' ? property['value'] : node['computed'] ? '?' : property['name']
  return `${dotted(node['object'] as Node)}.${name}`
}

const reaches = (file: string, pattern: RegExp): boolean =>
  reached(readFileSync(file, 'utf8')).some(one => pattern.test(one))
