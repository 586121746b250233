import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { type Login, Logins } from '../../src/secrets/logins.ts'
import { Secret } from '../../src/secrets/secret.ts'

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }))
afterEach(() => void vi.useRealTimers())

const PROBLEM = { code: 'unreachable', message: 'it is away', hint: 'wait' } as const
interface Token extends Login {
  readonly token: Secret
}

const shown = (login: unknown): string => (login as Token).token.reveal()

/** Logs in with numbers; `renewals` says how often one is renewed with the same time again. */
function store(goodForMs?: number, renewals = 0) {
  const calls = { made: 0, renewed: 0 }
  const login = (token: string): Token => ({
    token: new Secret(token),
    goodForMs,
    ...(renewals > calls.renewed && {
      renew: async () => {
        calls.renewed += 1
        return login(token)
      },
    }),
  })
  const make = async (): Promise<Token> => {
    calls.made += 1
    return login(`token ${calls.made}`)
  }
  return { calls, make }
}

describe('logins of a gateway that runs', () => {
  test('one login serves all who ask, until it is about to end', async () => {
    using logins = new Logins()
    const { calls, make } = store(60_000)
    const all = await Promise.all([logins.get('a', make), logins.get('a', make)])
    expect(all.map(({ login }) => shown(login))).toEqual(['token 1', 'token 1'])
    expect(all.map(({ isNew }) => isNew)).toEqual([true, false])
    await vi.advanceTimersByTimeAsync(57_000)
    expect(shown((await logins.get('a', make)).login)).toBe('token 1')
    await vi.advanceTimersByTimeAsync(2000)
    expect(shown((await logins.get('a', make)).login)).toBe('token 2')
    expect(calls).toEqual({ made: 2, renewed: 0 })
  })

  test('keys keep logins apart; one that was refused is forgotten alone', async () => {
    using logins = new Logins()
    const [one, other] = [store(), store()]
    await logins.get('a', one.make)
    await logins.get('b', other.make)
    logins.forget('a', (await logins.get('a', one.make)).login)
    expect((await logins.get('a', one.make)).isNew).toBe(true)
    expect((await logins.get('b', other.make)).isNew).toBe(false)
  })

  test('many who were refused with the same login make one in its place', async () => {
    using logins = new Logins()
    const { calls, make } = store()
    const { login } = await logins.get('a', make)
    const again = await Promise.all(
      [1, 2, 3].map(async () => {
        logins.forget('a', login)
        return shown((await logins.get('a', make)).login)
      }),
    )
    logins.forget('a', login)
    expect([...again, shown((await logins.get('a', make)).login)]).toEqual(Array(4).fill('token 2'))
    expect(calls.made).toBe(2)
  })

  /** A login that is never answered; how many were begun, and how many given up. */
  function silence() {
    const calls = { begun: 0, ended: 0 }
    const make = (signal: AbortSignal): Promise<typeof PROBLEM> => {
      calls.begun += 1
      return new Promise(resolve =>
        signal.addEventListener('abort', () => {
          calls.ended += 1
          resolve(PROBLEM)
        }),
      )
    }
    return { calls, make }
  }

  test('each waits as long as it likes; when nobody does any more, it is given up', async () => {
    using logins = new Logins()
    const { calls, make } = silence()
    const [one, other] = [new AbortController(), new AbortController()]
    const asked = [one, other].map(({ signal }) => logins.get('a', make, signal))
    one.abort()
    expect((await asked[0])?.login).toMatchObject({ code: 'timeout' })
    expect(calls).toEqual({ begun: 1, ended: 0 })
    other.abort()
    expect((await asked[1])?.login).toMatchObject({ code: 'timeout' })
    expect(calls).toEqual({ begun: 1, ended: 1 })
    expect((await logins.get('a', make, one.signal)).login).toMatchObject({ code: 'timeout' })
    expect(calls.begun).toBe(1)
    expect(shown((await logins.get('a', store().make)).login)).toBe('token 1')
  })

  test('one that does not end is given up after two minutes, whoever waits', async () => {
    using logins = new Logins()
    const { calls, make } = silence()
    const asked = logins.get('a', make)
    await vi.advanceTimersByTimeAsync(119_000)
    expect(calls.ended).toBe(0)
    await vi.advanceTimersByTimeAsync(2000)
    expect((await asked).login).toBe(PROBLEM)
  })

  test('one that is being made ends when all are let go', async () => {
    const logins = new Logins()
    const making = logins.get('a', silence().make)
    logins[Symbol.dispose]()
    expect((await making).login).toBe(PROBLEM)
  })

  test('one that can be renewed is, again and again; then another is made', async () => {
    using logins = new Logins()
    const { calls, make } = store(60_000, 3)
    await logins.get('a', make)
    await vi.advanceTimersByTimeAsync(3 * 41_000)
    expect(calls).toEqual({ made: 1, renewed: 3 })
    expect(shown((await logins.get('a', make)).login)).toBe('token 1')
    await vi.advanceTimersByTimeAsync(60_000)
    expect(shown((await logins.get('a', make)).login)).toBe('token 2')
  })

  test('a renewal that fails is tried again in what is left of the time, and not for ever', async () => {
    using logins = new Logins()
    let asked = 0
    const renew = async () => {
      asked += 1
      const next: Token = { token: new Secret('renewed') }
      return asked < 3 ? PROBLEM : next
    }
    await logins.get<Token>('a', async () => ({ token: new Secret('first'), goodForMs: 60_000, renew }))
    await vi.advanceTimersByTimeAsync(59_000)
    const { login } = await logins.get('a', async () => PROBLEM)
    expect([asked, shown(login)]).toEqual([3, 'renewed'])
    const never = vi.fn(async () => PROBLEM)
    await logins.get<Token>('b', async () => ({ token: new Secret('x'), goodForMs: 60_000, renew: never }))
    await vi.advanceTimersByTimeAsync(600_000)
    expect(never.mock.calls.length).toBeLessThan(10)
  })

  test('a login that fails is not kept', async () => {
    using logins = new Logins()
    expect((await logins.get('a', async () => PROBLEM)).login).toBe(PROBLEM)
    expect((await logins.get('a', store().make)).isNew).toBe(true)
  })

  test('a year is longer than a timer counts', async () => {
    using logins = new Logins()
    const { calls, make } = store(365 * 86_400_000, 1)
    await logins.get('a', make)
    await vi.advanceTimersByTimeAsync(60_000)
    expect(calls.renewed).toBe(0)
  })

  test('closed, nothing is left that runs, and a renewal under way changes nothing', async () => {
    const logins = new Logins()
    const { make, calls } = store(60_000, 9)
    await logins.get('a', make)
    logins[Symbol.dispose]()
    expect(vi.getTimerCount()).toBe(0)
    await vi.advanceTimersByTimeAsync(600_000)
    expect(calls.renewed).toBe(0)
  })
})
