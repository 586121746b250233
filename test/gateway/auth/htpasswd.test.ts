import { createHash } from 'node:crypto'
import { describe, expect, it, onTestFinished } from 'vitest'
import { apr1 } from '../../../src/gateway/auth/apr1.ts'
import { Bcrypt } from '../../../src/gateway/auth/bcrypt.ts'
import { HtpasswdProblem, parseHtpasswd } from '../../../src/gateway/auth/htpasswd.ts'
import { processorMs } from '../../helpers/processor-time.ts'

const never = async () => false

describe('an apr1 hash is the one that openssl makes', () => {
  it.each([
    ['password', '$apr1$r31.....$ARC3pREO82RIm0aQ2zszC0'],
    ['', '$apr1$r31.....$iQoXxeL5pW.kaXVrniDCU0'],
    ['a longer password than sixteen bytes', '$apr1$r31.....$4rOnWBjwHzEmGnLxh/ZgF/'],
    ['Ünicode', '$apr1$r31.....$RUWr6cpMCyC4X4watOG3v0'],
  ])('of %j', (password, hash) => {
    expect(apr1(password, 'r31.....')).toBe(hash)
  })
})

describe('a password file', () => {
  const sha = `{SHA}${createHash('sha1').update('two').digest('base64')}`
  const text = `# users\n\n alice:${apr1('one', 'saltsalt')} \r\nbob:${sha}\nbob:${apr1('three', 'saltsalt')}\nbob:${sha}\n`

  it('tells right passwords from wrong ones; the last line of a user counts', async () => {
    const { byName: users, decoy } = parseHtpasswd(text, never)
    expect([...users.keys()]).toEqual(['alice', 'bob'])
    expect(await users.get('alice')?.('one')).toBe(true)
    expect(await users.get('alice')?.('two')).toBe(false)
    expect(await users.get('bob')?.('two')).toBe(true)
    expect(await users.get('bob')?.('three')).toBe(false)
    expect(await users.get('bob')?.('')).toBe(false)
    const twice = parseHtpasswd(`${text}alice:${sha}`, never).byName
    expect([await twice.get('alice')?.('one'), await twice.get('alice')?.('two')]).toEqual([false, true])
    // That of the slower hash, and no password fits it.
    expect(processorMs(() => void Array.from({ length: 100 }, () => decoy('one')))).toBeGreaterThan(20)
    expect(await decoy('one')).toBe(false)
  })

  it('takes its time for a password once, and goes on telling wrong ones from it', () => {
    const check = parseHtpasswd(`alice:${apr1('one', 'saltsalt')}`, never).byName.get('alice')
    const fits = (password: string, times: number) =>
      processorMs(() => {
        for (let i = 0; i < times; i++) expect(check?.(password)).toBe(password === 'one')
      })
    expect(fits('one', 2000)).toBeLessThan(1000)
    fits('two', 2)
    fits('one', 2)
  })

  it('takes no time for a password that htpasswd would not have taken', async () => {
    const users = ['a', 'b'].map((name, i) => `${name}:${apr1('x'.repeat(255 + i), 'saltsalt')}`).join('\n')
    const { byName: checks } = parseHtpasswd(users, never)
    expect(await checks.get('a')?.('x'.repeat(255))).toBe(true)
    expect(await checks.get('b')?.('x'.repeat(256))).toBe(false)
  })

  it.each([
    ['alice:plaintext', 1],
    ['# fine\nalice:$6$salt$hash', 2],
    ['nothing', 1],
    [':hash', 1],
  ])('%j is refused with its line, and nothing of it', (bad, line) => {
    try {
      parseHtpasswd(bad, never)
      expect.unreachable()
    } catch (error) {
      expect(error).toBeInstanceOf(HtpasswdProblem)
      expect((error as HtpasswdProblem).line).toBe(line)
      expect(String(error)).not.toMatch(/plaintext|salt|alice|nothing/)
    }
  })
})

describe('bcrypt', () => {
  const HASH = '$2b$04$PVi6h.f1cza7LJSqOJYdxOmvf2NGYy88XXlApkEqnubNwL63tDQw6'

  function bcrypt(now?: () => number): Bcrypt {
    const made = new Bcrypt(now)
    onTestFinished(() => made[Symbol.dispose]())
    return made
  }

  it('tells right passwords from wrong ones, also of the forms that other tools write', async () => {
    const made = bcrypt()
    for (const hash of [HASH, HASH.replace('$2b$', '$2y$')]) {
      expect(await made.compare('s3cret', hash)).toBe(true)
      expect(await made.compare('s3cre', hash)).toBe(false)
    }
    const users = parseHtpasswd(`bob:{SHA}x\nalice:${HASH}`, (password, hash) => made.compare(password, hash))
    const decoyed = users.decoy('s3cret')
    expect(decoyed).toBeInstanceOf(Promise)
    expect(await decoyed).toBe(false)
    expect(await users.byName.get('alice')?.('s3cret')).toBe(true)
  })

  it('leaves the event loop alone while it compares', async () => {
    const made = bcrypt()
    await made.compare('warm', HASH)
    const slow = HASH.replace('$04$', '$12$')
    let turns = 0
    const ticking = setInterval(() => turns++, 1)
    await made.compare('s3cret', slow)
    clearInterval(ticking)
    expect(turns).toBeGreaterThan(5)
  })

  it('remembers for a minute what fitted, and nothing else', async () => {
    let now = 0
    const made = bcrypt(() => now)
    const slow = HASH.replace('$04$', '$10$')
    expect(await made.compare('s3cret', HASH)).toBe(true)
    // The thread is busy: an answer that comes first was remembered.
    const order: string[] = []
    const busy = made.compare('x', slow).then(() => order.push('compared'))
    await made.compare('s3cret', HASH).then(() => order.push('remembered'))
    await busy
    expect(order).toEqual(['remembered', 'compared'])
    now = 60_001
    const again = made.compare('x', slow).then(() => order.push('compared'))
    await made.compare('s3cret', HASH).then(() => order.push('forgotten'))
    await again
    expect(order.slice(2)).toEqual(['compared', 'forgotten'])
  })

  it('says so when too many wait', async () => {
    const made = bcrypt()
    const all = await Promise.all(Array.from({ length: 80 }, () => made.compare('s3cret', HASH)))
    expect(all.filter(fits => fits === true)).toHaveLength(64)
    expect(all.filter(fits => fits === 'busy')).toHaveLength(16)
  })

  it('starts anew after it was ended', async () => {
    const made = bcrypt()
    const cut = made.compare('s3cret', HASH.replace('$04$', '$12$'))
    made[Symbol.dispose]()
    expect(await cut).toBe('busy')
    expect(await made.compare('s3cret', HASH)).toBe(true)
  })
})
