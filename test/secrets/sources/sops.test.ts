import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { newIdentity, recipientOf } from '../../../src/secrets/age.ts'
import { gather } from '../../../src/secrets/gather.ts'
import { Secret } from '../../../src/secrets/secret.ts'
import { tempFolders } from '../folders.ts'
import { contract, problem, said } from './contract.ts'
import { type SopsOptions, writeSops } from './sops-writer.ts'

const folder = tempFolders()
const FILE = 'secrets.enc.yaml'

async function place() {
  const configDir = folder()
  const identity = await newIdentity()
  const recipient = await recipientOf(new Secret(identity))
  const context = { env: { SOPS_AGE_KEY: identity, HOME: configDir }, configDir, connections: {} }
  return { configDir, identity, recipient, context }
}

const entry = (...path: (string | number)[]) =>
  ({
    variable: 'A',
    kind: 'sops',
    where: { file: FILE, path },
    refreshMs: undefined,
    timeoutMs: undefined,
  }) as const

contract(
  'sops',
  async () => {
    const { configDir, recipient, context } = await place()
    const values: Record<string, string> = {}
    const write = async () =>
      writeFileSync(join(configDir, FILE), await writeSops({ keys: values }, { recipients: [recipient] }))
    return {
      context,
      where: name => ({ file: FILE, path: ['keys', name] }),
      put: (name, value) => {
        values[name] = value
        return write()
      },
      take: name => {
        delete values[name]
        return write()
      },
    }
  },
  { fake: "files of the test's own writer" },
)

const TREE = {
  base_url: 'https://api.openai.com',
  openai: { key: 'sk-canary-0123456789', more: [1, 'sk-in-a-list', true, 0.5] },
  port: 8080,
  last: 'z',
}

async function read(
  spoil: (text: string) => string,
  path: (string | number)[],
  options: Partial<SopsOptions> = {},
) {
  const { configDir, recipient, context } = await place()
  const text = await writeSops(TREE, { recipients: [recipient], clear: ['base_url', 'port'], ...options })
  writeFileSync(join(configDir, FILE), spoil(text))
  const found = (await gather([entry(...path)], context)).get('A')
  if (found === undefined) throw new Error('nothing came back')
  return found
}

describe('the source sops', () => {
  test.each<[string, (string | number)[], string]>([
    ['a value in a map', ['openai', 'key'], 'sk-canary-0123456789'],
    ['a value in a list', ['openai', 'more', 1], 'sk-in-a-list'],
    ['a value in a list, by a path with dots', ['openai', 'more', '1'], 'sk-in-a-list'],
    ['a number', ['openai', 'more', 0], '1'],
    ['a value in the clear', ['base_url'], 'https://api.openai.com'],
    ['nothing', ['openai', 'nope'], 'missing'],
    ['a map', ['openai'], 'missing'],
    ['its own metadata', ['sops', 'mac'], 'missing'],
  ])('reads %s', async (_, path, value) => {
    expect(said(await read(text => text, path))).toBe(value)
  })

  test('JSON is read as well, and a MAC over encrypted values only', async () => {
    expect(said(await read(text => text, ['openai', 'key'], { encryptedOnly: true }))).toBe(
      'sk-canary-0123456789',
    )
    const { parse } = await import('yaml')
    expect(said(await read(text => JSON.stringify(parse(text)), ['openai', 'key']))).toBe(
      'sk-canary-0123456789',
    )
  })

  test.each<[string, (text: string) => string]>([
    ['a value in the clear was changed', text => text.replace('api.openai.com', 'evil.example')],
    ['a value in the clear was added', text => `extra: 1\n${text}`],
    ['a value was taken out', text => text.replace(/^last: .*\n( {2}.*\n)*/m, '')],
    [
      'a value was put in the place of another',
      text => text.replace(/(key: )(.*\n(?: {4}.*\n)*)/, '$1plain\n'),
    ],
    ['two values changed places', text => swap(text)],
    ['the order was changed', text => text.replace(/^(base_url: .*\n)([\s\S]*)(port: .*\n)/m, '$3$2$1')],
    ['the date was changed', text => text.replace('T04:00:00Z', 'T04:00:01Z')],
    [
      'the kind of MAC was changed',
      text => text.replace('  version:', '  mac_only_encrypted: true\n  version:'),
    ],
    ['the MAC is gone', text => text.replace(/^ {2}mac: [\s\S]*(?= {2}version)/m, '')],
    ['a byte was changed', text => text.replace(/data:(.)/, (_, c) => `data:${c === 'A' ? 'B' : 'A'}`)],
  ])('nothing is used of a file in which %s', async (_, spoil) => {
    const intact = await read(text => text, ['openai', 'key'])
    expect(said(intact)).toBe('sk-canary-0123456789')
    const found = problem(await read(spoil, ['openai', 'key']))
    expect(found).toMatchObject({ code: 'malformed', message: expect.stringContaining('MAC') })
    expect(JSON.stringify(found)).not.toMatch(/canary|evil/)
  })

  test.each<[string, (text: string) => string, string, RegExp]>([
    ['no SOPS file', () => 'openai: {key: sk-canary}\n', 'malformed', /not a YAML or JSON file that SOPS/],
    ['a key twice', text => `a: 1\na: 2\n${text}`, 'malformed', /not a YAML or JSON file that SOPS/],
    ['no YAML', () => 'a: [sk-canary\n', 'malformed', /not a YAML or JSON file that SOPS/],
    [
      'one for a cloud key',
      text => text.replace(/^ {2}age:[\s\S]*?(?= {2}lastmodified)/m, '  kms:\n    - arn: x\n'),
      'not-configured',
      /kept by kms/,
    ],
    [
      'one with a split key',
      text => text.replace(/^ {2}age:/m, '  key_groups:\n    - age: []\n  age:'),
      'not-configured',
      /split/,
    ],
  ])('says what is in the way: %s', async (_, spoil, code, message) => {
    const found = problem(await read(spoil, ['openai', 'key']))
    expect(found).toMatchObject({ code, message: expect.stringMatching(message) })
    expect(JSON.stringify(found)).not.toContain('canary')
  })

  test('a value that the MAC does not cover is not used, be it changed or not', async () => {
    for (const spoil of [(text: string) => text, (text: string) => text.replace('api.openai', 'evil')]) {
      const found = problem(await read(spoil, ['base_url'], { encryptedOnly: true }))
      expect(found).toMatchObject({ code: 'malformed', message: expect.stringMatching(/in the clear/) })
    }
  })

  test.each<[string, (text: string) => string, string]>([
    ['nested beyond all measure', text => `${'['.repeat(100_000)}\n${text}`, 'malformed'],
    [
      'maps beyond all measure',
      text => `deep: ${'{a: '.repeat(3000)}1${'}'.repeat(3000)}\n${text}`,
      'malformed',
    ],
    [
      'aliases of aliases',
      text =>
        `a0: &a0 [x]\n${Array.from({ length: 20 }, (_, i) => `a${i + 1}: &a${i + 1} [${`*a${i}, `.repeat(10)}]`).join('\n')}\n${text}`,
      'malformed',
    ],
    ['2 MiB', text => `${text}# ${'x'.repeat(2 * 1024 * 1024)}`, 'too-large'],
    [
      'a tag that is cut',
      text => text.replace(/tag:[A-Za-z0-9+/]{8}[A-Za-z0-9+/=\s]*,/, 'tag:AAAAAAAA,'),
      'malformed',
    ],
    [
      'thousands of recipients',
      text => text.replace(/^ {4}- recipient: [\s\S]*?(?=^ {2}lastmodified)/m, one => bogus(one).repeat(900)),
      'malformed',
    ],
  ])('a hostile file gives nothing, and ends soon: %s', async (_, spoil, code) => {
    const found = problem(await read(spoil, ['openai', 'key']))
    expect(found.code).toBe(code)
    expect(JSON.stringify(found)).not.toContain('canary')
  })

  test('one of several recipients is enough; none is told apart', async () => {
    const other = await recipientOf(new Secret(await newIdentity()))
    const { configDir, recipient, identity, context } = await place()
    writeFileSync(join(configDir, FILE), await writeSops(TREE, { recipients: [other, recipient] }))
    expect(said((await gather([entry('last')], context)).get('A') as never)).toBe('z')
    writeFileSync(join(configDir, 'keys.txt'), identity, { mode: 0o600 })
    for (const name of ['SOPS_AGE_KEY_FILE', 'AGW_AGE_IDENTITY']) {
      const env = { [name]: 'keys.txt', HOME: configDir }
      expect(said((await gather([entry('last')], { ...context, env })).get('A') as never)).toBe('z')
    }
    writeFileSync(join(configDir, FILE), await writeSops(TREE, { recipients: [other] }))
    expect(problem((await gather([entry('last')], context)).get('A')).code).toBe('denied')
    const bare = { ...context, env: { HOME: configDir } }
    expect(problem((await gather([entry('last')], bare)).get('A')).code).toBe('not-configured')
  })
})

/** A recipient whose data key cannot be opened. */
function bogus(entry: string): string {
  return entry.replace(/^ {6,8}[A-Za-z0-9+/]{20,}$/m, line =>
    line.replace(/[A-Z]/, 'a').replace(/[0-9]/, '7'),
  )
}

/** Exchanges the encrypted values of `key` and `last`. */
function swap(text: string): string {
  const key = /^ {2}key: ([\s\S]*?)(?=^ {2}more:)/m.exec(text)?.[1] ?? ''
  const last = /^last: ([\s\S]*?)(?=^sops:)/m.exec(text)?.[1] ?? ''
  return text.replace(key, '<last>').replace(last, '<key>').replace('<last>', last).replace('<key>', key)
}
