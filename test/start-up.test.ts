import { existsSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { describe, expect, it } from 'vitest'
import { BUNDLE, closure, DIST, sources } from './helpers/built.ts'

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

it.skipIf(!existsSync(DIST)).each(['validate', 'keys/list', 'init'])(
  '%s starts without the library of CEL',
  command => {
    const loaded = [...closure(join(DIST, 'commands', `${command}.js`)).files].map(file =>
      relative(DIST, file),
    )
    expect(loaded).toContain(join('commands', `${command}.js`))
    expect(loaded.filter(file => file === join('gateway', 'cel', 'library.js'))).toEqual([])
  },
)

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
