import { describe, expect, it } from 'vitest'
import type { AccessEvent } from '../../src/gateway/index.ts'
import { type ResolvedSlot, Secret } from '../../src/secrets/index.ts'
import { KeyUse } from '../../src/serving/key-use.ts'

const PATH = ['binds', 0, 'key']
const slot = (value: string | undefined, name = 'openai'): ResolvedSlot =>
  ({
    slot: { name, path: PATH },
    secret: value === undefined ? undefined : new Secret(value),
  }) as unknown as ResolvedSlot
const event = (more: Partial<AccessEvent>): AccessEvent =>
  ({ status: 401, reason: 'Upstream', keySlot: PATH, time: 5000, ...more }) as AccessEvent

describe('the keys in use', () => {
  it('are those of the config that serves, by fingerprint, since it has served', () => {
    const keys = new KeyUse()
    keys.adopt([slot('sk-proj-0123456789abcdef')], 1000)
    expect(keys.list()).toEqual([
      {
        name: 'openai',
        fingerprint: new Secret('sk-proj-0123456789abcdef').fingerprint(),
        since: '1970-01-01T00:00:01.000Z',
        last401: undefined,
        former: undefined,
      },
    ])
  })

  it('keep their time over a reload that left them alone, and get a new one with a new key', () => {
    const keys = new KeyUse()
    keys.adopt([slot('one-key-0123456789')], 1000)
    keys.adopt([slot('one-key-0123456789')], 2000)
    expect(keys.list()[0]?.since).toBe('1970-01-01T00:00:01.000Z')
    keys.adopt([slot('two-key-0123456789')], 3000)
    expect(keys.list()[0]?.since).toBe('1970-01-01T00:00:03.000Z')
  })

  it('tell when a provider last refused them', () => {
    const keys = new KeyUse()
    keys.adopt([slot('one-key-0123456789')], 1000)
    keys.record(event({}))
    keys.record(event({ time: 4000 }))
    expect(keys.list()[0]?.last401).toBe('1970-01-01T00:00:05.000Z')
  })

  it('tell of a key that the one before it stands in for once in five minutes, and of another one at once', () => {
    const told: unknown[] = []
    const keys = new KeyUse(refused => told.push(refused))
    const former = { secret: new Secret('old-key-0123456789'), until: Date.UTC(2030, 0) }
    const rotated = (value: string): ResolvedSlot => ({
      ...slot(value),
      secret: new Secret(value, '', former),
    })
    const refuse = (time: number): void => keys.record(event({ time, status: 200, isKeyRefused: true }))
    keys.adopt([rotated('new-key-0123456789')], 1000)
    for (const time of [2000, 3000, 301_000]) refuse(time)
    const one = {
      event: 'key-refused',
      name: 'openai',
      fingerprint: new Secret('new-key-0123456789').fingerprint(),
      former: former.secret.fingerprint(),
      until: '2030-01-01T00:00:00.000Z',
    }
    expect(told).toEqual([one])
    refuse(302_000)
    expect(told).toEqual([one, one])
    keys.adopt([rotated('third-key-0123456789')], 303_000)
    refuse(304_000)
    expect(told).toHaveLength(3)
  })

  it('know of no key before a key, once that is forgotten', () => {
    const former = { secret: new Secret('old-key-0123456789'), until: Date.UTC(2030, 0) }
    const keys = new KeyUse()
    const now = slot('new-key-0123456789')
    keys.adopt([{ ...now, secret: new Secret('new-key-0123456789', '', former) }], 1000)
    expect(keys.list()[0]?.former).toBe(former.secret.fingerprint())
    keys.adopt([now], 2000)
    expect(keys.list()[0]).toMatchObject({ since: '1970-01-01T00:00:01.000Z', former: undefined })
  })

  it.each<[string, Partial<AccessEvent>]>([
    ['a refusal of the client by the gateway', { reason: 'DirectResponse' }],
    ['another status', { status: 429 }],
    ['a backend without a key of the gateway', { keySlot: undefined }],
    ['an answer to the key before this one', { time: 500 }],
  ])('take no notice of %s', (_title, more) => {
    const keys = new KeyUse()
    keys.adopt([slot('one-key-0123456789')], 1000)
    keys.record(event(more))
    expect(keys.list()[0]?.last401).toBeUndefined()
  })

  it('leave out slots without a key, and those that are gone', () => {
    const keys = new KeyUse()
    keys.adopt([slot('one-key-0123456789')], 1000)
    keys.adopt([slot(undefined)], 2000)
    expect(keys.list()).toEqual([])
  })
})
