import { describe, expect, test } from 'vitest'
import { clearKeysIn, isClearlyKey } from '../../src/config/shown-word.ts'
import { keyLike } from '../helpers/keys.ts'

const HEX = '0f9a7c2e51d84b36a1b2c3d4e5f60718'

describe('a key where a path or a name belongs is told beyond doubt', () => {
  test.each([
    ['by its prefix', keyLike('openai', 'place')],
    ['behind ./', `./${keyLike('openai', 'place')}`],
    ['hex digits alone', HEX],
    ['hex digits behind ./', `./${HEX}`],
    ['behind ././', `././${HEX.toUpperCase()}`],
    ['letters and digits alone', 'q7TzB1nX0aV5cM9dK2eL8fP4gR6hS3jW'],
    ['84 of them', 'q7TzB1nX0aV5cM9dK2eL8fP4gR6hS3jW'.repeat(3).slice(0, 84)],
  ])('%s', (_, text) => {
    expect(isClearlyKey(text)).toBe(true)
  })

  test.each([
    'openai.key',
    './keys/openai.key',
    `keys/${HEX}`,
    `/run/secrets/${HEX}`,
    `${HEX}.key`,
    'prod/llm/openai',
    'f81d4fae-7dec-11d0-a765-00a0c91e6bf6',
    'my-secret-7c9f8d6b5',
    'dbb5ltmcgqzzvwupjxyavqkhru',
    'productionOpenaiKeyOfTheLanguageModels2025',
    '00000000000000000000000000000000000001',
    'sk-short',
  ])('%s may be a place', text => {
    expect(isClearlyKey(text)).toBe(false)
  })
})

describe('keys in what was typed', () => {
  const KEY = keyLike('openai', 'place')
  test.each<[typed: string, keys: string[]]>([
    [`./${KEY}`, [KEY]],
    [`/tmp/${KEY}/config.yaml`, [KEY]],
    [`x/${KEY}.yaml`, [`${KEY}.yaml`, KEY]],
    [`C:\\x\\${KEY}`, [KEY]],
    [`OPENAI_API_KEY=${KEY}`, [KEY]],
    [`api.test:443:${KEY}:1`, [KEY]],
    [HEX, [HEX]],
    [`/builds/${HEX}/config.yaml`, []],
    ['sk-models/hf_cache/config.yaml', []],
  ])('%s', (typed, keys) => {
    expect(clearKeysIn(typed)).toEqual(keys)
  })
})
