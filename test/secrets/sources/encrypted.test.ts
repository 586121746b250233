import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { encryptAge, newIdentity, recipientOf } from '../../../src/secrets/age.ts'
import { setInDotenv } from '../../../src/secrets/dotenv.ts'
import { gather } from '../../../src/secrets/gather.ts'
import { Secret } from '../../../src/secrets/secret.ts'
import { encryptedSource } from '../../../src/secrets/sources/encrypted.ts'
import { unless } from '../../helpers/needs.ts'
import { isWindows, tempFolders } from '../folders.ts'
import { contract, problem, said } from './contract.ts'

const folder = tempFolders()
const noAge =
  spawnSync('age', ['--version']).error === undefined ? undefined : 'age is missing: apt-get install age'

/** A folder with an identity in it, and what agw knows of it. */
async function place() {
  const configDir = folder()
  const identity = await newIdentity()
  writeFileSync(join(configDir, 'identity.txt'), `# created: today\n${identity}\n`, { mode: 0o600 })
  const recipient = await recipientOf(new Secret(identity))
  const env: Record<string, string> = { AGW_AGE_IDENTITY: 'identity.txt', HOME: configDir }
  return { configDir, identity, recipient, context: { env, configDir, connections: {} } }
}

const FILE = 'secrets.age'
const reference = (variable: string) => ({ variable, kind: 'encrypted', where: { file: FILE } }) as const
const entry = (variable: string) => ({ ...reference(variable), refreshMs: undefined, timeoutMs: undefined })

contract(
  'encrypted',
  async () => {
    const { configDir, recipient, context } = await place()
    let text = ''
    const write = async (next: string) => {
      text = next
      writeFileSync(join(configDir, FILE), await encryptAge(Buffer.from(text), [recipient]))
    }
    return {
      context,
      where: () => ({ file: FILE }),
      put: (name, value) => write(value === '' ? `${text}${name}=\n` : setInDotenv(text, name, value)),
      take: name => write(text.replace(new RegExp(`^${name}=.*\n`, 'm'), '')),
    }
  },
  { largest: 100 * 1024 },
)

/** The stanza of a file, many times over: each is tried. */
function stanzas(bytes: Buffer, count: number): Buffer {
  const from = bytes.indexOf('-> ')
  const to = bytes.indexOf('---')
  const many = Array.from({ length: count }, () => bytes.subarray(from, to))
  return Buffer.concat([bytes.subarray(0, from), ...many, bytes.subarray(to)])
}

function scryptFile(workFactor: number): Buffer {
  const header = `age-encryption.org/v1\n-> scrypt AAAAAAAAAAAAAAAAAAAAAA ${workFactor}\n`
  return Buffer.from(`${header}${'A'.repeat(43)}\n--- ${'A'.repeat(43)}\n${'x'.repeat(40)}`)
}

describe.skipIf(noAge !== undefined)(`the source encrypted and the age program${unless(noAge)}`, () => {
  test.each([
    ['binary', []],
    ['armored', ['--armor']],
  ])('reads what age encrypted: %s', async (_, flags) => {
    const { configDir, recipient, context } = await place()
    execFileSync('age', ['-r', recipient, ...flags, '-o', join(configDir, FILE)], {
      input: 'A=sk-1\nB="sk 2"\n',
    })
    const found = await gather([entry('A'), entry('B')], context)
    expect([...found.values()].map(said)).toEqual(['sk-1', 'sk 2'])
  })

  test('age reads what it writes', async () => {
    const { configDir, context } = await place()
    await encryptedSource.store?.(reference('A'), new Secret('sk-0123456789'), context)
    const identity = join(configDir, 'identity.txt')
    const text = execFileSync('age', ['-d', '-i', identity, join(configDir, FILE)], { encoding: 'utf8' })
    expect(text).toBe('A=sk-0123456789\n')
  })

  test('an identity of age-keygen opens it', async () => {
    const { configDir, context } = await place()
    const made = spawnSync('age-keygen', ['-o', join(configDir, 'other.txt')], { encoding: 'utf8' })
    const [recipient = ''] = /age1\S+/.exec(made.stderr) ?? []
    writeFileSync(join(configDir, FILE), await encryptAge(Buffer.from('A=sk-1'), [recipient]))
    const env = { ...context.env, AGW_AGE_IDENTITY: 'other.txt' }
    expect(said((await gather([entry('A')], { ...context, env })).get('A') as never)).toBe('sk-1')
  })
})

describe('the source encrypted', () => {
  test('makes an identity for the first key, for its owner alone, and keeps it for the next', async () => {
    const configDir = folder()
    const context = { env: { XDG_CONFIG_HOME: join(configDir, 'xdg') }, configDir, connections: {} }
    await encryptedSource.store?.(reference('A'), new Secret('sk-first-0123456789'), context)
    const file = join(configDir, 'xdg', 'agw', 'age-identity.txt')
    const identity = readFileSync(file, 'utf8')
    expect(identity).toMatch(/^AGE-SECRET-KEY-1\w+\n$/)
    if (!isWindows)
      expect([file, join(configDir, FILE)].map(one => statSync(one).mode & 0o777)).toEqual([0o600, 0o600])
    await encryptedSource.store?.(reference('B'), new Secret('sk-second-0123456789'), context)
    expect(readFileSync(file, 'utf8')).toBe(identity)
    const found = await gather([entry('A'), entry('B')], context)
    expect([...found.values()].map(said)).toEqual(['sk-first-0123456789', 'sk-second-0123456789'])
  })

  test('no value stands in the file in the clear', async () => {
    const { configDir, context } = await place()
    await encryptedSource.store?.(reference('A'), new Secret('sk-canary-0123456789'), context)
    const raw = readFileSync(join(configDir, FILE))
    for (const form of ['sk-canary', Buffer.from('sk-canary').toString('base64').slice(0, 10), 'A=sk'])
      expect(raw.includes(form)).toBe(false)
  })

  const broken: [what: string, spoil: (bytes: Buffer) => Buffer, code: string][] = [
    [
      'a changed byte at the end',
      bytes => Buffer.concat([bytes.subarray(0, -1), Buffer.from([(bytes.at(-1) ?? 0) ^ 1])]),
      'malformed',
    ],
    ['a cut end', bytes => bytes.subarray(0, -5), 'malformed'],
    [
      'another header',
      bytes => Buffer.from(bytes.toString('latin1').replace('X25519 ', 'X25519 A'), 'latin1'),
      'malformed',
    ],
    ['plain text', () => Buffer.from('A=sk-canary-0123456789\n'), 'malformed'],
    ['nothing in it', () => Buffer.alloc(0), 'malformed'],
    ['2 MiB', () => Buffer.alloc(2 * 1024 * 1024), 'too-large'],
    ['a cut in the header', bytes => bytes.subarray(0, 40), 'malformed'],
    ['nothing behind its header', bytes => bytes.subarray(0, bytes.indexOf('\n---') + 49), 'malformed'],
    ['bytes behind its end', bytes => Buffer.concat([bytes, bytes.subarray(-40)]), 'malformed'],
    ['a header that never ends', bytes => stanzas(bytes, 6000), 'malformed'],
    ['a passphrase that would take days', () => scryptFile(62), 'not-configured'],
    ['a passphrase', () => scryptFile(18), 'not-configured'],
  ]
  test.each(broken)('a file with %s gives nothing, and is not written over', async (_, spoil, code) => {
    const { configDir, context } = await place()
    const path = join(configDir, FILE)
    await encryptedSource.store?.(reference('A'), new Secret('sk-canary-0123456789'), context)
    writeFileSync(path, spoil(readFileSync(path)))
    const spoilt = readFileSync(path)
    const found = problem((await gather([entry('A')], context)).get('A'))
    expect(found.code).toBe(code)
    expect(JSON.stringify(found)).not.toContain('canary')
    await expect(encryptedSource.store?.(reference('B'), new Secret('x'), context)).rejects.toMatchObject({
      code: 'SECRET_UNREADABLE',
    })
    expect(readFileSync(path).equals(spoilt)).toBe(true)
  })

  test('nothing is used of a long file that was cut between two of its pieces', async () => {
    const { configDir, recipient, context } = await place()
    const text = `A=sk-canary-0123456789\n# ${'x'.repeat(200_000)}\n`
    const whole = Buffer.from(await encryptAge(Buffer.from(text), [recipient]))
    const payload = whole.indexOf('\n---') + 49
    // Each piece of 64 KiB has a tag of 16 bytes; a nonce of 16 bytes stands before the first.
    for (const pieces of [1, 2]) {
      writeFileSync(join(configDir, FILE), whole.subarray(0, payload + 16 + pieces * (64 * 1024 + 16)))
      expect(problem((await gather([entry('A')], context)).get('A')).code).toBe('malformed')
    }
    writeFileSync(join(configDir, FILE), whole)
    expect(said((await gather([entry('A')], context)).get('A') as never)).toBe('sk-canary-0123456789')
  })

  test('a file for somebody else, and no identity at all, are told apart', async () => {
    const { configDir, context } = await place()
    const other = await recipientOf(new Secret(await newIdentity()))
    writeFileSync(join(configDir, FILE), await encryptAge(Buffer.from('A=1'), [other]))
    expect(problem((await gather([entry('A')], context)).get('A')).code).toBe('denied')
    rmSync(join(configDir, 'identity.txt'))
    expect(problem((await gather([entry('A')], context)).get('A'))).toMatchObject({
      code: 'not-configured',
      message: expect.stringContaining('identity.txt'),
    })
    expect(await encryptedSource.probe?.(context)).toMatchObject({ ok: false })
    await expect(encryptedSource.store?.(reference('B'), new Secret('x'), context)).rejects.toBeDefined()
    expect(existsSync(join(configDir, 'identity.txt'))).toBe(false)
  })

  test('all recipients of agw.yaml can open it; one that would lose it is not dropped in silence', async () => {
    const { configDir, context } = await place()
    const mate = new Secret(await newIdentity())
    const recipients = [await recipientOf(mate)]
    const team = { ...context, connections: { encrypted: { recipients } } }
    await encryptedSource.store?.(reference('A'), new Secret('sk-0123456789'), team)
    const path = join(configDir, 'mate.txt')
    writeFileSync(path, mate.reveal(), { mode: 0o600 })
    const asMate = { ...team, env: { AGW_AGE_IDENTITY: path } }
    expect(said((await gather([entry('A')], asMate)).get('A') as never)).toBe('sk-0123456789')
    await expect(encryptedSource.store?.(reference('B'), new Secret('x'), context)).rejects.toMatchObject({
      code: 'WRITE_FAILED',
      message: expect.stringContaining('2 recipients'),
    })
    // With the file would go who they are.
    await expect(encryptedSource.remove?.(reference('A'), context)).rejects.toMatchObject({
      code: 'WRITE_FAILED',
      message: expect.stringContaining('2 recipients'),
    })
    expect(await encryptedSource.remove?.(reference('A'), team)).toMatchObject({ isGone: true })
    await encryptedSource.store?.(reference('A'), new Secret('sk-0123456789'), team)
    const wrong = { ...context, connections: { encrypted: { recipients: ['age1nope'] } } }
    await expect(encryptedSource.store?.(reference('B'), new Secret('x'), wrong)).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
    })
  })
})
