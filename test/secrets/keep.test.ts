import { mkdir, realpath, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { agwFileOf } from '../../src/config/index.ts'
import { readPlace, removeFromPlace, storeAtPlace, storedAt } from '../../src/secrets/keep.ts'
import { reached } from '../../src/secrets/rotation/places.ts'
import { Secret } from '../../src/secrets/secret.ts'
import { loadSource } from '../../src/secrets/sources/registry.ts'
import { isOneWith, type StoredAt } from '../../src/secrets/stored-at.ts'
import { tempFolder } from '../helpers/agw.ts'

const CONTEXT = `contexts: [{ name: c, context: { cluster: c, namespace: team } }]
clusters: [{ name: c, cluster: { server: https://127.0.0.1:1 } }]
current-context: c
`

let folder: string
async function setUp(): Promise<void> {
  folder = await realpath(await tempFolder())
  await mkdir(join(folder, 'real'))
  await writeFile(join(folder, 'real', 'a.key'), 'a')
  await writeFile(join(folder, 'kubeconfig'), CONTEXT)
  await symlink('real', join(folder, 'link'))
  await symlink('real/a.key', join(folder, 'b.key'))
}

/** Where two entries are stored; their variables are called A and B. */
async function places(first: string, second: string): Promise<StoredAt[]> {
  const text = `secrets:\n  A: ${first}\n  B: ${second}\n`
  const agw = await agwFileOf(Buffer.from(text), join(folder, 'agw.yaml'), 'agw.yaml')
  expect(agw.diagnostics).toEqual([])
  const env = { GOOGLE_CLOUD_PROJECT: 'llm', KUBECONFIG: join(folder, 'kubeconfig') }
  const context = { env, configDir: folder, connections: agw.connections }
  return await Promise.all([...agw.entries.values()].map(entry => storedAt(entry, context)))
}

const ARN = 'arn:aws:secretsmanager:eu-west-1:123456789012:secret'
const PARAMETER = 'arn:aws:ssm:eu-west-1:123456789012:parameter'

describe('where a value is stored', () => {
  test.each([
    ['a file and a link to it', '{ file: real/a.key }', '{ file: b.key }'],
    ['a file that is not there, by a link to its folder', '{ file: real/no.key }', '{ file: ./link/no.key }'],
    ['a file and a variable of it', '{ file: .env }', '{ dotenv: { name: K } }'],
    ['a dotenv file by its usual name', '{ dotenv: { name: K } }', '{ dotenv: { file: ./.env, name: K } }'],
    ['the name of the variable itself', '{ encrypted: s.age }', '{ encrypted: { file: ./s.age, name: A } }'],
    [
      'a keychain with its usual service',
      '{ keychain: { account: a } }',
      '{ keychain: { service: agw, account: a } }',
    ],
    [
      'the namespace of the context',
      '{ kubernetes: { name: s, key: k } }',
      '{ kubernetes: { namespace: team, name: s, key: k } }',
    ],
    ['a slash before a path', '{ vault: { path: /kv/a, field: k } }', '{ vault: { path: kv/a, field: k } }'],
    ['a version', '{ vault: { path: kv/a, field: k } }', '{ vault: { path: kv/a, field: k, version: 2 } }'],
    [
      'a secret and a field of it',
      '{ aws-secretsmanager: a }',
      '{ aws-secretsmanager: { id: a, field: k } }',
    ],
    ['a stage', '{ aws-secretsmanager: a }', '{ aws-secretsmanager: { id: a, stage: AWSCURRENT } }'],
    ['an ARN', '{ aws-secretsmanager: llm/a }', `{ aws-secretsmanager: "${ARN}:llm/a-AbCd12" }`],
    ['the ARN of a parameter', '{ aws-ssm: /llm/a }', `{ aws-ssm: "${PARAMETER}/llm/a" }`],
    ['a version of a parameter', '{ aws-ssm: a }', '{ aws-ssm: "a:3" }'],
    ['a project', '{ gcp: { secret: a } }', '{ gcp: { secret: a, project: llm, version: latest } }'],
    ['capitals of a vault', '{ azure: { vault: My-v, secret: A } }', '{ azure: { vault: my-v, secret: a } }'],
  ])('is one place: %s', async (_, first, second) => {
    await setUp()
    const [one, other] = await places(first, second)
    expect(isOneWith(one as StoredAt, other as StoredAt)).toBe(true)
  })

  test.each([
    ['two files', '{ file: real/a.key }', '{ file: a.key }'],
    ['two variables of a file', '{ dotenv: .env }', '{ dotenv: .env }'],
    [
      'two namespaces',
      '{ kubernetes: { name: s, key: k } }',
      '{ kubernetes: { namespace: default, name: s, key: k } }',
    ],
    [
      'two fields',
      '{ aws-secretsmanager: { id: a, field: k } }',
      '{ aws-secretsmanager: { id: a, field: l } }',
    ],
    ['two fields of Vault', '{ vault: { path: kv/a, field: k } }', '{ vault: { path: kv/a, field: l } }'],
    ['two secrets with a dash', '{ aws-secretsmanager: a }', '{ aws-secretsmanager: a-AbCd12 }'],
    ['two projects', '{ gcp: { secret: a } }', '{ gcp: { secret: a, project: other } }'],
    ['two kinds', '{ aws-ssm: a }', '{ aws-secretsmanager: a }'],
  ])('is two places: %s', async (_, first, second) => {
    await setUp()
    const [one, other] = await places(first, second)
    expect(isOneWith(one as StoredAt, other as StoredAt)).toBe(false)
  })
})

describe('what is taken away', () => {
  test.each([
    ['a key file', { kind: 'file', where: { path: 'a.key' } }],
    ['a variable of a dotenv file', { kind: 'dotenv', where: { file: '.env', name: 'K' } }],
    ['a variable of an encrypted file', { kind: 'encrypted', where: { file: 's.age', name: 'K' } }],
  ] as const)('is the value that was seen, and no other: %s', async (_, place) => {
    folder = await tempFolder()
    const env = { HOME: folder }
    const at = reached(place, undefined)
    const [seen, later] = [new Secret('sk-seen-0123456789'), new Secret('sk-later-0123456789')]
    await storeAtPlace(at, later, folder, env)
    expect(await removeFromPlace(at, folder, env, seen)).toMatchObject({ changed: false, isOther: true })
    expect((await readPlace(at, folder, env))?.equals(later)).toBe(true)
    // Under the lock too, where nobody has looked before.
    const source = await loadSource(place.kind)
    const context = { env, configDir: folder, connections: {} }
    const removed = await source.remove?.(at.entry as never, context, seen)
    expect(removed).toMatchObject({ changed: false, isOther: true })
    expect((await readPlace(at, folder, env))?.equals(later)).toBe(true)
    expect(await removeFromPlace(at, folder, env, later)).toMatchObject({ changed: true })
    expect(await readPlace(at, folder, env)).toBeUndefined()
  })

  test('no link: the key would stay at its end', async () => {
    await setUp()
    const at = reached({ kind: 'file', where: { path: 'b.key' } }, undefined)
    await expect(removeFromPlace(at, folder, {})).rejects.toMatchObject({ code: 'SLOT_NOT_WRITABLE' })
    expect((await readPlace(at, folder, {}))?.equals(new Secret('a'))).toBe(true)
  })
})
