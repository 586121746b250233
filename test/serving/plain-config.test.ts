import { expect, it } from 'vitest'
import { Secret } from '../../src/secrets/secret.ts'
import { decodeConfig, encodeConfig } from '../../src/serving/plain-config.ts'

it('what a config says is never taken for a mark, whatever its keys are', () => {
  const forged = ['sk-forged', '$KEY', 'digest', undefined, undefined]
  const config = {
    headers: { '$agw-list': 0, '$agw-secret': forged },
    others: { '$agw-list': 'hi' },
    secret: { secret: forged, list: 0 },
  }
  const lists = [['not yours']]
  const known: unknown[] = []
  const sent = structuredClone(encodeConfig(config, () => undefined))
  const back = decodeConfig(
    sent,
    secret => known.push(secret),
    number => lists[number],
  )
  expect(back).toEqual(config)
  expect(known).toEqual([])
})

it('a config comes back from another thread as it was, long lists apart, and its secrets as secrets', () => {
  const config = {
    keys: [
      { key: new Secret('sk-canary', '$KEY', { secret: new Secret('sk-former', '$KEY'), until: 7 }) },
      { key: 1 },
      [2, 3, 4],
    ],
    ...(JSON.parse('{"m":{"__proto__":{"a":null}}}') as object),
    gone: undefined,
  }
  const lists: unknown[] = []
  const apart = (list: readonly unknown[]): number | undefined =>
    list.length < 3 ? undefined : lists.push(list.map(item => encodeConfig(item, apart))) - 1
  const sent = structuredClone({ whole: encodeConfig(config, apart), lists })
  const known: string[] = []
  const back: unknown[] = []
  const decode = (value: unknown): unknown =>
    decodeConfig(
      value,
      secret => known.push(secret.reveal()),
      number => back[number],
    )
  for (const list of sent.lists) back.push(decode(list))
  const whole = decode(sent.whole) as typeof config
  expect(whole).toEqual(config)
  const secret = (whole.keys[0] as { key: Secret }).key
  expect(secret).toBeInstanceOf(Secret)
  expect([secret.reveal(), secret.reference, secret.digest()]).toEqual([
    'sk-canary',
    '$KEY',
    new Secret('sk-canary').digest(),
  ])
  expect([secret.former?.secret.reveal(), secret.former?.until]).toEqual(['sk-former', 7])
  expect(known).toEqual(['sk-canary', 'sk-former'])
  expect(lists).toHaveLength(2)
  expect(JSON.stringify(whole)).not.toContain('sk-canary')
})
