import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { VirtualKeys } from '../../../src/gateway/auth/virtual-keys.ts'
import { Secret } from '../../../src/secrets/secret.ts'

const hashOf = (key: string) => `sha256:${createHash('sha256').update(key).digest('hex')}`
const keys = (list: ConstructorParameters<typeof VirtualKeys>[0]) => new VirtualKeys(list)

describe('a key is known', () => {
  const known = keys([
    { key: new Secret('agw_sk_plain'), metadata: { user: 'alice' } },
    { keyHash: hashOf('agw_sk_hashed').toUpperCase().replace('SHA256', 'sha256'), allowedModels: ['gpt-*'] },
    { key: new Secret(' spaced '), metadata: 'no map' },
    { key: new Secret('twice'), metadata: { which: 1 } },
    { keyHash: hashOf('twice'), metadata: { which: 2 } },
  ])

  it.each<[string, string, unknown]>([
    ['in plain text', 'agw_sk_plain', { metadata: { user: 'alice' }, allowedModels: undefined }],
    ['by its hash, in either case', 'agw_sk_hashed', { metadata: {}, allowedModels: ['gpt-*'] }],
    ['with the spaces it was written with', ' spaced ', { metadata: {}, allowedModels: undefined }],
    ['by its last entry', 'twice', { metadata: { which: 2n }, allowedModels: undefined }],
    ['not without them', 'spaced', undefined],
    ['not by a part of it', 'agw_sk_plai', undefined],
    ['not by its hash itself', hashOf('agw_sk_hashed'), undefined],
    ['not when it is empty', '', undefined],
  ])('%s', (_, key, wanted) => {
    expect(known.holderOf(key)).toEqual(wanted)
  })
})

it('a hundred thousand keys are all known', () => {
  const many = keys(
    Array.from({ length: 100_000 }, (_, i) => ({ key: new Secret(`k${i}`), metadata: { i } })),
  )
  for (const i of [0, 1, 49_999, 99_999]) expect(many.holderOf(`k${i}`)?.metadata).toEqual({ i: BigInt(i) })
  expect(many.holderOf('k100000')).toBeUndefined()
})

it('a key costs no look at any other, however many there are', () => {
  let looks = 0
  const many = keys(
    Array.from({ length: 100_000 }, (_, i) => {
      const key = new Secret(`k${i}`)
      return {
        get key() {
          looks++
          return key
        },
        get metadata() {
          looks++
          return { i }
        },
      }
    }),
  )
  looks = 0
  for (const key of ['k0', 'k99999', 'k', 'k100000', '']) many.holderOf(key)
  // The metadata of the two that are known.
  expect(looks).toBe(2)
})
