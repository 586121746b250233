import { execFileSync, spawnSync } from 'node:child_process'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { gather } from '../../../src/secrets/gather.ts'
import { Secret } from '../../../src/secrets/secret.ts'
import { keychainSource } from '../../../src/secrets/sources/keychain.ts'
import { unless } from '../../helpers/needs.ts'
import { tempFolders } from '../folders.ts'
import { contract, problem } from './contract.ts'
import { type Keyring, noKeyring, startKeyring } from './keyring-daemon.ts'

const folder = tempFolders()
let socketFolder: string | undefined
const runtime = (): string => {
  socketFolder ??= folder()
  return socketFolder
}
const BUS = 'DBUS_SESSION_BUS_ADDRESS'
const inherited = process.env[BUS]
const context = { env: {}, configDir: '/', connections: {} }

/** The library asks the process, not us, where the bus is. */
function useBus(address: string | undefined): void {
  if (address === undefined) delete process.env[BUS]
  else process.env[BUS] = address
}
afterAll(() => useBus(inherited))

describe.skipIf(noKeyring !== undefined)(`with GNOME Keyring${unless(noKeyring)}`, () => {
  let keyring: Keyring
  beforeAll(async () => {
    keyring = await startKeyring(runtime(), folder())
    useBus(keyring.env[BUS])
  })
  afterAll(() => keyring.stop())

  const tool = (args: string[], input?: string): string =>
    execFileSync('secret-tool', args, {
      env: keyring.env,
      ...(input !== undefined && { input }),
      encoding: 'utf8',
    })
  let count = 0

  // The tool cuts what is longer than 8 KiB.
  contract(
    'keychain',
    () => {
      count += 1
      const service = `agw-test-${count}`
      return {
        context,
        where: account => ({ service, account }),
        put: (account, value) =>
          void tool(
            ['store', '--label=test', 'service', service, 'username', account, 'target', 'default'],
            value,
          ),
        take: account => void tool(['clear', 'service', service, 'username', account]),
      }
    },
    { largest: 8000 },
  )

  test("what it stores, other programs find: the system's own tool reads it", async () => {
    const where = { service: 'agw', account: 'shared' }
    const reference = { variable: 'A', kind: 'keychain', where } as const
    await keychainSource.store?.(reference, new Secret('sk-shared-0123456789'), context)
    expect(tool(['lookup', 'service', 'agw', 'username', 'shared'])).toBe('sk-shared-0123456789')
    expect(
      await keychainSource.store?.(reference, new Secret('sk-shared-0123456789'), context),
    ).toMatchObject({
      changed: false,
    })
  })
})

describe.skipIf(noKeyring !== undefined)(
  `a keychain that cannot be used is told from one without the entry${unless(noKeyring)}`,
  () => {
    const where = { service: 'agw', account: 'there' }
    const entry = {
      variable: 'A',
      kind: 'keychain',
      where,
      refreshMs: undefined,
      timeoutMs: undefined,
    } as const
    let running: Keyring | undefined
    afterEach(async () => {
      await running?.stop()
      running = undefined
    })
    const start = async (home: string, state: 'unlocked' | 'locked' | 'bus only') => {
      running = await startKeyring(runtime(), home, state)
      useBus(running.env[BUS])
    }

    const expectAll = async (code: string, words: RegExp) => {
      const found = problem((await gather([entry], context)).get('A'))
      expect(found).toMatchObject({ code, message: expect.stringMatching(words) })
      for (const write of [
        () => keychainSource.store?.(entry, new Secret('sk-canary-0123456789'), context),
        () => keychainSource.remove?.(entry, context),
      ]) {
        const error = await Promise.resolve(write()).catch((caught: Error) => caught)
        expect(error).toMatchObject({ code: 'SECRET_UNREADABLE' })
        expect(JSON.stringify([error, (error as Error).message])).not.toContain('canary')
      }
      expect(await keychainSource.probe?.(context)).toBeDefined()
    }

    test('locked, with the entry in it', async () => {
      const home = folder()
      await start(home, 'unlocked')
      await keychainSource.store?.(entry, new Secret('sk-there-0123456789'), context)
      await running?.stop()
      await start(home, 'locked')
      await expectAll('locked', /the keychain is locked/)
    })

    test('a session bus without a keychain on it', async () => {
      await start(folder(), 'bus only')
      await expectAll('unreachable', /no Secret Service/)
      expect(await keychainSource.probe?.(context)).toMatchObject({
        ok: false,
        hint: expect.stringMatching(/--method encrypted.*encrypted:/),
      })
    })

    test('one that hangs holds up nothing else', async () => {
      await start(folder(), 'unlocked')
      running?.freeze()
      let turns = 0
      const counting = setInterval(() => {
        turns += 1
      }, 5)
      const found = problem((await gather([entry], context)).get('A'))
      clearInterval(counting)
      expect(found).toMatchObject({ code: 'timeout' })
      // The library waits for two seconds: none, or as many as there are tries, where it does so here.
      expect(turns).toBeGreaterThan(20)
    })

    test('a bus address where nobody listens', async () => {
      await expectAll('unreachable', /no Secret Service/)
    })

    test('a write that fails leaves no key behind in the kernel', async () => {
      useBus(undefined)
      await Promise.resolve(keychainSource.store?.(entry, new Secret('sk-canary-0123456789'), context)).catch(
        () => undefined,
      )
      const listed = spawnSync('keyctl', ['show'], { encoding: 'utf8' })
      const proc = spawnSync('cat', ['/proc/keys'], { encoding: 'utf8' })
      expect(`${listed.stdout ?? ''}${proc.stdout ?? ''}`).not.toMatch(/agw|there/)
    })
  },
)
