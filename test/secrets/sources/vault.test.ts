import { describe, expect, test } from 'vitest'
import type { Connections } from '../../../src/config/agw/connections.ts'
import { gather } from '../../../src/secrets/gather.ts'
import { Secret } from '../../../src/secrets/secret.ts'
import { vaultSource } from '../../../src/secrets/sources/vault.ts'
import { contract, problem, said } from './contract.ts'
import { fakeServer } from './fake-server.ts'
import { fakeVault } from './fake-vault.ts'
import { type Around, contextOf, entry, FAKE, folder, type Vault, type Where } from './vault-scene.ts'

contract(
  'vault',
  async () => {
    const vault = await fakeVault()
    return {
      context: {
        env: { VAULT_ADDR: vault.url, VAULT_TOKEN: vault.state.token, HOME: folder() },
        configDir: folder(),
        connections: {},
      },
      where: field => ({ path: 'secret/data/llm', field }),
      put: (name, value) => vault.put('llm', { ...vault.newest('llm'), [name]: value }),
      take: name => vault.put('llm', { ...vault.newest('llm'), [name]: undefined }),
      beforeWrite: action => {
        vault.state.beforeWrite = action
      },
      forbidWrites: () => {
        vault.state.forbidsWrites = true
      },
    }
  },
  { fake: FAKE },
)

async function read(vault: Vault, where: Where | readonly Where[], around: Around = {}) {
  const places = Array.isArray(where) ? (where as readonly Where[]) : [where as Where]
  const entries = places.map((one, index) => entry(one, `V${index}`))
  const found = await gather(entries, contextOf(vault, around))
  return entries.map(({ variable }) => {
    const one = found.get(variable)
    if (one === undefined) throw new Error('nothing came back')
    return one
  })
}

describe(`the source vault, on ${FAKE}`, () => {
  const withToken = { env: { VAULT_TOKEN: 'hvs.test-token' } }

  test('KV 1 and KV 2, the newest version or a named one; a secret of several variables is read once', async () => {
    const vault = await fakeVault()
    vault.put('llm', { a: 'old' })
    vault.put('llm', { a: 'new', b: 'other', n: 5 })
    vault.putOld('llm', { a: 'one' })
    const found = await read(
      vault,
      [
        { path: 'secret/data/llm', field: 'a' },
        { path: 'secret/data/llm', field: 'b' },
        { path: 'secret/data/llm', field: 'n' },
        { path: 'secret/data/llm', field: 'a', version: 1 },
        { path: '/kv/llm', field: 'a' },
      ],
      withToken,
    )
    expect(found.map(said)).toEqual(['new', 'other', '5', 'old', 'one'])
    expect(vault.seen.map(one => one.url).sort()).toEqual([
      '/v1/kv/llm',
      '/v1/secret/data/llm',
      '/v1/secret/data/llm?version=1',
    ])
  })

  const write = async (vault: Vault, where: Where, value: string | undefined) => {
    const context = { env: { VAULT_ADDR: vault.url, ...withToken.env }, configDir: folder(), connections: {} }
    const reference = { variable: 'A', kind: 'vault', where } as const
    return value === undefined
      ? await vaultSource.remove?.(reference, context)
      : await vaultSource.store?.(reference, new Secret(value), context)
  }

  test('stores in KV 1, in a secret that is not there, and after its newest version was deleted', async () => {
    const vault = await fakeVault()
    vault.putOld('llm', { a: 'old', b: 'other' })
    await write(vault, { path: 'kv/llm', field: 'a' }, 'new')
    expect(vault.newestOld('llm')).toEqual({ a: 'new', b: 'other' })
    await write(vault, { path: 'kv/fresh', field: 'a' }, 'first')
    expect(vault.newestOld('fresh')).toEqual({ a: 'first' })
    await write(vault, { path: 'secret/data/fresh', field: 'a' }, 'first')
    expect(vault.newest('fresh')).toEqual({ a: 'first' })
    await write(vault, { path: 'secret/data/fresh', field: 'a' }, undefined)
    expect(vault.newest('fresh')).toBeUndefined()
    await write(vault, { path: 'secret/data/fresh', field: 'b' }, 'second')
    expect(vault.newest('fresh')).toEqual({ b: 'second' })
    // No value stands in an address.
    expect(vault.seen.map(({ url }) => url).join()).not.toMatch(/first|second|new/)
  })

  test('does not write a named version, nor a path that KV 2 would take for something else', async () => {
    const vault = await fakeVault()
    await expect(
      write(vault, { path: 'secret/data/llm', field: 'a', version: 2 }, 'x'),
    ).rejects.toMatchObject({
      code: 'SLOT_NOT_WRITABLE',
      hint: expect.stringMatching(/`version`/),
    })
    await expect(write(vault, { path: 'secret/llm', field: 'a' }, 'x')).rejects.toMatchObject({
      code: 'SLOT_NOT_WRITABLE',
      hint: expect.stringMatching(/secret\/data\//),
    })
  })

  test.each<[string, Connections['vault']]>([
    ['a token in a file', { login: { token: { file: 'token' } } }],
    ['AppRole', { login: { approle: { roleId: 'agw', secretIdFile: 'sid' } } }],
    ['Kubernetes', { login: { kubernetes: { role: 'agw', tokenFile: 'pod' } } }],
    ['JWT at another mount', { login: { jwt: { role: 'agw', tokenFile: 'ci', mount: 'my-jwt' } } }],
  ])('logs in by %s', async (_, connection) => {
    const vault = await fakeVault()
    vault.put('llm', { a: 'sk-1' })
    const [found] = await read(
      vault,
      { path: 'secret/data/llm', field: 'a' },
      { connections: { vault: connection } },
    )
    expect(found && said(found)).toBe('sk-1')
    // Neither login nor token stands in an address.
    expect(vault.seen.map(one => one.url).join()).not.toMatch(/sid|token=|hvs|pod-token/)
  })

  test('the namespace goes with every request, the login too', async () => {
    const vault = await fakeVault()
    vault.state.namespace = 'team/llm'
    vault.put('llm', { a: 'sk-1' })
    const login = { approle: { roleId: 'agw', secretIdFile: 'sid' } }
    const connections = { vault: { namespace: 'team/llm', login } }
    const [found] = await read(vault, { path: 'secret/data/llm', field: 'a' }, { connections })
    expect(found && said(found)).toBe('sk-1')
  })

  test.each<[string, (vault: Vault) => void, Where, string, RegExp]>([
    [
      'a path that is not there',
      () => undefined,
      { path: 'secret/data/no', field: 'a' },
      'missing',
      /nothing is stored/,
    ],
    [
      'a deleted version',
      v => v.put('llm', undefined),
      { path: 'secret/data/llm', field: 'a' },
      'missing',
      /nothing/,
    ],
    [
      'a version that never was',
      () => undefined,
      { path: 'secret/data/llm', field: 'a', version: 9 },
      'missing',
      /nothing/,
    ],
    ['no such field', () => undefined, { path: 'secret/data/llm', field: 'z' }, 'missing', /nothing/],
    ['KV 2 without data/', () => undefined, { path: 'secret/llm', field: 'a' }, 'missing', /under data\//],
    [
      'a field that is a map',
      v => v.put('llm', { a: { b: 1 } }),
      { path: 'secret/data/llm', field: 'a' },
      'malformed',
      /not text/,
    ],
    [
      'no right to read',
      v => v.state.forbidden.add('/v1/secret/data/llm'),
      { path: 'secret/data/llm', field: 'a' },
      'denied',
      /403/,
    ],
    [
      'a token that is not accepted',
      v => {
        v.state.token = 'hvs.other'
      },
      { path: 'secret/data/llm', field: 'a' },
      'denied',
      /403/,
    ],
    [
      'a sealed Vault',
      v => {
        v.state.sealed = true
      },
      { path: 'secret/data/llm', field: 'a' },
      'locked',
      /sealed/,
    ],
  ])('%s is told as what it is', async (_, prepare, where, code, message) => {
    const vault = await fakeVault()
    vault.put('llm', { a: 'sk-canary' })
    prepare(vault)
    const [found] = await read(vault, where, withToken)
    expect(problem(found)).toMatchObject({ code, message: expect.stringMatching(message) })
    expect(JSON.stringify(problem(found))).not.toMatch(/canary|hvs/)
  })

  test('a login that is not accepted, one that is not there, and no address are told apart', async () => {
    const vault = await fakeVault()
    const where = { path: 'secret/data/llm', field: 'a' }
    const approle = { vault: { login: { approle: { roleId: 'nobody', secretIdFile: 'sid' } } } }
    expect(problem((await read(vault, where, { connections: approle }))[0])).toMatchObject({ code: 'denied' })
    const nofile = { vault: { login: { approle: { roleId: 'agw', secretIdFile: 'nope' } } } }
    expect(problem((await read(vault, where, { connections: nofile }))[0])).toMatchObject({
      code: 'not-configured',
      message: expect.stringContaining('nope'),
    })
    expect(problem((await read(vault, where))[0])).toMatchObject({ code: 'not-configured' })
    expect(problem((await read(vault, where, { env: { VAULT_ADDR: '' } }))[0])).toMatchObject({
      message: expect.stringContaining('nothing says where Vault is'),
    })
  })

  test('a slow one ends with its time, a busy one is asked twice, a redirect is not followed', async () => {
    const where = { path: 'secret/data/llm', field: 'a' }
    const slow = await fakeServer(() => new Promise(() => undefined))
    const env = (VAULT_ADDR: string) => ({ env: { VAULT_ADDR, VAULT_TOKEN: 'hvs.canary' } })
    const vault = await fakeVault()
    expect(problem((await read(vault, where, env(slow.url)))[0]).code).toBe('timeout')
    const busy = await fakeServer(() => ({ status: 500 }))
    expect(problem((await read(vault, where, env(busy.url)))[0]).code).toBe('unreachable')
    expect(busy.seen.length).toBe(2)
    const away = await fakeServer(() => ({
      status: 307,
      headers: { location: `${vault.url}/v1/secret/data/llm` },
    }))
    expect(problem((await read(vault, where, env(away.url)))[0]).code).toBe('unreadable')
    expect(vault.seen).toEqual([])
  })

  test('an address without TLS is not called, unless it is this machine', async () => {
    const found = await read(
      await fakeVault(),
      { path: 'a', field: 'b' },
      { env: { VAULT_ADDR: 'http://vault.example', VAULT_TOKEN: 'x' } },
    )
    expect(problem(found[0])).toMatchObject({ code: 'not-configured', hint: 'use an https address' })
  })

  test('doctor learns why it cannot be used', async () => {
    const vault = await fakeVault()
    const context = (VAULT_TOKEN: string) => ({
      env: { VAULT_ADDR: vault.url, VAULT_TOKEN },
      configDir: '/',
      connections: {},
    })
    expect(await vaultSource.probe?.(context(vault.state.token))).toMatchObject({ ok: true })
    expect(await vaultSource.probe?.(context('other'))).toMatchObject({
      ok: false,
      detail: expect.stringMatching(/403/),
    })
    vault.state.sealed = true
    expect(await vaultSource.probe?.(context(vault.state.token))).toMatchObject({
      detail: expect.stringMatching(/sealed/),
    })
  })
})
