import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { gather } from '../../../src/secrets/gather.ts'
import { Logins } from '../../../src/secrets/logins.ts'
import { problem, said } from './contract.ts'
import { fakeVault } from './fake-vault.ts'

import { contextOf, entry, readOnce, type Vault } from './vault-scene.ts'

describe('one login for entries with different times', () => {
  const approle = { vault: { login: { approle: { roleId: 'agw', secretIdFile: 'sid' } } } }
  const entry = (timeoutMs: number) =>
    ({
      variable: `AFTER_${timeoutMs}`,
      kind: 'vault',
      where: { path: 'secret/data/llm', field: 'a' },
      refreshMs: undefined,
      timeoutMs,
    }) as const
  const logged = (vault: Vault): number => vault.seen.filter(one => one.url.endsWith('/login')).length

  test('the end of the shortest one is the end of no other', async () => {
    using logins = new Logins()
    const vault = await fakeVault()
    vault.put('llm', { a: 'sk-1' })
    let answer = (): void => undefined
    vault.state.beforeLogin = new Promise(resolve => {
      answer = resolve
    })
    const context = contextOf(vault, { connections: approle, logins })
    const [short, long] = [gather([entry(50)], context), gather([entry(20_000)], context)]
    expect([...(await short).values()].map(said)).toEqual(['timeout'])
    answer()
    expect([...(await long).values()].map(said)).toEqual(['sk-1'])
    expect(logged(vault)).toBe(1)
  })

  test('that has ended is made anew once for all of them', async () => {
    using logins = new Logins()
    const vault = await fakeVault()
    vault.put('llm', { a: 'sk-1' })
    const context = contextOf(vault, { connections: approle, logins })
    const read = async () => [...(await gather([3000, 4000, 5000].map(entry), context)).values()].map(said)
    expect(await read()).toEqual(['sk-1', 'sk-1', 'sk-1'])
    vault.endLogins()
    expect(await read()).toEqual(['sk-1', 'sk-1', 'sk-1'])
    expect(logged(vault)).toBe(2)
  })
})

describe('the token, while a gateway runs', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }))
  afterEach(() => void vi.useRealTimers())

  const where = { path: 'secret/data/llm', field: 'a' }
  const approle = { vault: { login: { approle: { roleId: 'agw', secretIdFile: 'sid' } } } }
  const calls = (vault: Vault, path: string): number => vault.seen.filter(one => one.url === path).length
  const LOGIN = '/v1/auth/approle/login'
  const RENEW = '/v1/auth/token/renew-self'
  const seenRenewals = async (vault: Vault, count: number): Promise<void> => {
    while (calls(vault, RENEW) < count) await new Promise(resolve => setImmediate(resolve))
    // Its answer is taken in before the clock goes on.
    for (let turn = 0; turn < 50; turn += 1) await new Promise(resolve => setImmediate(resolve))
  }

  test('one login serves many batches; it is renewed, and made again where it cannot be', async () => {
    using logins = new Logins()
    const vault = await fakeVault()
    vault.put('llm', { a: 'sk-1' })
    const context = contextOf(vault, { connections: approle, logins })
    for (const _ of [1, 2, 3]) expect(await readOnce(context, where)).toBe('sk-1')
    expect(calls(vault, LOGIN)).toBe(1)
    await vi.advanceTimersByTimeAsync(2500_000)
    await seenRenewals(vault, 1)
    await vi.advanceTimersByTimeAsync(2500_000)
    await seenRenewals(vault, 2)
    expect(await readOnce(context, where)).toBe('sk-1')
    expect(calls(vault, LOGIN)).toBe(1)
    vault.state.renewable = false
    await vi.advanceTimersByTimeAsync(3600_000)
    expect(await readOnce(context, where)).toBe('sk-1')
    expect(calls(vault, LOGIN)).toBe(2)
  })

  test('a login that was revoked in between is made again, once', async () => {
    using logins = new Logins()
    const vault = await fakeVault()
    vault.put('llm', { a: 'sk-1' })
    const context = contextOf(vault, { connections: approle, logins })
    await readOnce(context, where)
    vault.endLogins()
    expect(await readOnce(context, where)).toBe('sk-1')
    expect(calls(vault, LOGIN)).toBe(2)
    // A path that may not be read is no reason to log in again.
    vault.state.forbidden.add('/v1/secret/data/llm')
    expect(await readOnce(context, where)).toBe('denied')
    expect(calls(vault, LOGIN)).toBe(2)
  })

  test('a token of the environment is renewed too; one that has ended is told as that', async () => {
    using logins = new Logins()
    const vault = await fakeVault()
    vault.put('llm', { a: 'sk-1' })
    const context = contextOf(vault, { env: { VAULT_TOKEN: vault.state.token }, logins })
    expect(await readOnce(context, where)).toBe('sk-1')
    await vi.advanceTimersByTimeAsync(2500_000)
    await seenRenewals(vault, 1)
    vault.state.token = 'hvs.another'
    const found = (await gather([entry(where)], context)).get('A')
    expect(problem(found)).toMatchObject({ code: 'denied', message: expect.stringMatching(/has ended/) })
  })

  test('logins of two servers, and of two namespaces, are not mixed up', async () => {
    using logins = new Logins()
    const [one, other] = [await fakeVault(), await fakeVault()]
    other.state.namespace = 'team'
    one.put('llm', { a: 'sk-1' })
    other.put('llm', { a: 'sk-2' })
    expect(await readOnce(contextOf(one, { connections: approle, logins }), where)).toBe('sk-1')
    const named = { vault: { ...approle.vault, namespace: 'team' } }
    expect(await readOnce(contextOf(other, { connections: named, logins }), where)).toBe('sk-2')
    expect(calls(other, LOGIN)).toBe(1)
  })

  test('a command that reads once asks for the secret and nothing else', async () => {
    const vault = await fakeVault()
    vault.put('llm', { a: 'sk-1' })
    await readOnce(contextOf(vault, { env: { VAULT_TOKEN: vault.state.token } }), where)
    expect(vault.seen.map(one => one.url)).toEqual(['/v1/secret/data/llm'])
    expect(vi.getTimerCount()).toBe(0)
  })
})
