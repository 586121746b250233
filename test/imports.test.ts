import { existsSync, readFileSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import { describe, expect, it } from 'vitest'
import { circles, DIST, importsOf, packageOf, reached, reaches, SRC, sources } from './helpers/built.ts'

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
    'clients',
    'cluster',
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
    'clients',
    'cluster',
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
  cluster: ['clients', 'setup', 'kubernetes', 'providers', 'secrets', 'config', 'top'],
  clients: ['setup', 'secrets', 'config', 'top'],
  'test-route': ['clients', 'mock', 'checking', 'gateway', 'providers', 'secrets', 'config', 'top'],
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
  undici: /^gateway\/upstream\/undici\.js$/,
  bcryptjs: /^gateway\/auth\/bcrypt\.js$/,
  inquirer: /^cli\/prompt\.js$/,
  execa: /^secrets\/run\.js$/,
  '@marcbachmann/cel-js': /^gateway\/cel\/library\.js$/,
  re2js: /^gateway\/regex\/re2\.js$/,
  jose: /^gateway\/auth\/tokens\.js$/,
  '@napi-rs/keyring': /^secrets\/sources\/keychain-thread\.js$/,
  'age-encryption': /^secrets\/age\.js$/,
  '@aws-sdk/client-secrets-manager': /^secrets\/sources\/aws\.js$/,
  '@aws-sdk/client-ssm': /^secrets\/sources\/aws\.js$/,
  '@opentelemetry/api': /^serving\/otlp\/sdk\.js$/,
  '@opentelemetry/sdk-logs': /^serving\/otlp\/sdk\.js$/,
  '@opentelemetry/sdk-trace-base': /^serving\/otlp\/sdk\.js$/,
  '@opentelemetry/resources': /^serving\/otlp\/sdk\.js$/,
  '@opentelemetry/otlp-exporter-base': /^serving\/otlp\/sdk\.js$/,
  '@opentelemetry/otlp-transformer': /^serving\/otlp\/sdk\.js$/,
  'libphonenumber-js': /^gateway\/llm\/phone-numbers\.js$/,
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

  it.each([
    ['config', ['secret']],
    ['providers', ['secret']],
    ['gateway', ['secret', 'redactor']],
  ])('in %s know of secrets these files, and no more: %s', (from, known) => {
    const doors = known.map(file => `secrets/${file}.ts`)
    const wrong: string[] = []
    for (const file of sources(join(SRC, from), '.ts')) {
      for (const target of importsOf(file).files.map(one => relative(SRC, one).split(sep).join('/'))) {
        if (target.startsWith('secrets/') && !doors.includes(target))
          wrong.push(`${relative(SRC, file)} → ${target}`)
      }
    }
    expect(wrong).toEqual([])
  })

  it('have no cycles', () => expect(circles(all)).toEqual([]))

  it('have none by their types either, but for that of a request and what works on it', () => {
    const found = circles(sources(SRC, '.ts')).map(circle => circle.map(file => relative(SRC, file)))
    expect(found).toHaveLength(1)
    expect(found[0]).toContain('gateway/exchange.ts')
  })

  it('open each dependency by its one door', () => {
    const wrong: string[] = []
    for (const file of all) {
      const text = readFileSync(file, 'utf8')
      const calls = text.matchAll(/\b(?:import|require|require\.resolve)\(['"]([^'".][^'"]*)['"]\)/g)
      const dynamic = [...calls].map(([, found = '']) => found)
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
    // The second one tells what comes before any command, and so before there is a secret.
    const doors = ['cli/terminal.js', 'cli/plain-failure.js']
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
