import { cp, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { findSlot, keySlots } from '../../src/config/index.ts'
import { type RotateOptions, rotateKey, undoRotation } from '../../src/keys/rotate.ts'
import { loadConfig } from '../../src/load.ts'
import { requireKeyPlaces } from '../../src/require-config.ts'
import { currentKey } from '../../src/secrets/index.ts'
import { Secret } from '../../src/secrets/secret.ts'
import { agw, cleanEnv, tempFolder } from '../helpers/agw.ts'
import { GUIDE } from '../helpers/guide.ts'
import { keyLike } from '../helpers/keys.ts'
import { holders, journals, killedAt, placeKey } from '../helpers/rotation.ts'
import { fakeVault } from '../secrets/sources/fake-vault.ts'

const OLD = keyLike('openai', 'rotate-killed-old')
const NEW = keyLike('openai', 'rotate-killed-new')

/** A store with the old key in it. */
interface Place {
  readonly env?: Readonly<Record<string, string>>
  /** Remembers what is in it beside the folder; what it returns puts that back. */
  snapshot?(): () => void
}

let folder: string
let env: Readonly<Record<string, string>>
beforeEach(async () => {
  folder = await tempFolder()
  env = {}
})

const inFolder = (method: string) => async (): Promise<Place> => {
  await placeKey(folder, { method, key: OLD, upstream: 1 })
  // What its place was before is of no interest.
  if (method !== 'env') await rm(join(folder, '.env'), { force: true })
  return {}
}

/** Each write of it is a version. */
const inVault = async (): Promise<Place> => {
  const vault = await fakeVault()
  vault.put('llm', { key: OLD, other: 'stays' })
  await writeFile(join(folder, 'config.yaml'), GUIDE.env)
  const entry = 'OPENAI_API_KEY: { vault: { path: secret/data/llm, field: key } }'
  await writeFile(
    join(folder, 'agw.yaml'),
    `secrets: { ${entry} }\nsources: { vault: { address: "${vault.url}" } }\n`,
  )
  return {
    env: { VAULT_TOKEN: vault.state.token, AGW_TRUST: '1' },
    snapshot: () => {
      const data = vault.newest('llm')
      return () => vault.put('llm', data)
    },
  }
}

/** The folder, and what a place has beside it, as they are now; what it returns puts them back. */
async function snapshot(place: Place): Promise<() => Promise<void>> {
  const copy = join(await tempFolder(), 'copy')
  await cp(folder, copy, { recursive: true, preserveTimestamps: true })
  const restore = place.snapshot?.()
  return async () => {
    for (const name of await readdir(folder)) await rm(join(folder, name), { recursive: true })
    await cp(copy, folder, { recursive: true, preserveTimestamps: true })
    restore?.()
  }
}

const load = () => ({ env: cleanEnv(folder, env), cwd: folder })

async function current(): Promise<string | undefined> {
  const loaded = await loadConfig(load())
  const slot = findSlot(keySlots(requireKeyPlaces(loaded), loaded.document), 'openai')
  return (await currentKey(slot, loaded.variables, folder))?.reveal()
}

/** What the next call does: within this process, which takes a tenth of the time. */
const next = (act: (options: RotateOptions) => Promise<unknown>) =>
  act({
    load: load(),
    name: 'openai',
    agreeUnchecked: async () => {},
    newKey: async () => new Secret(NEW),
    check: false,
    connectTo: [],
    waitMs: 0,
    keepMs: 3_600_000,
    onEvent: () => {},
    onSecret: () => {},
  })

/** Nobody else reads what a program leaves behind that was killed, and the journal holds no key. */
async function expectPrivate(what: string): Promise<void> {
  const withKeys = [...(await holders(folder, OLD)), ...(await holders(folder, NEW))]
  for (const path of [...withKeys.map(name => join(folder, name)), ...(await journals(folder))])
    expect(((await stat(path)).mode & 0o777).toString(8), `${what}: ${path}`).toBe('600')
  for (const path of await journals(folder)) {
    const text = await readFile(path, 'utf8')
    for (const key of [OLD, NEW]) expect(text, what).not.toContain(key.slice(10, 40))
  }
}

/** Of what was being written when the program was killed, nothing lies beside the key, and none of it holds one. */
async function expectNothingLeft(what: string): Promise<void> {
  const unfinished = (name: string): boolean => name.endsWith('.tmp')
  expect((await readdir(folder)).filter(unfinished), what).toEqual([])
  for (const key of [OLD, NEW]) expect((await holders(folder, key)).filter(unfinished), what).toEqual([])
}

describe.each([
  ['.env', inFolder('env')],
  ['an encrypted file', inFolder('encrypted')],
  ['the config itself', inFolder('inline')],
  ['a store that counts versions (vault KV 2, a fake)', inVault],
])('a rotation that is killed at any change that lasts: the key is kept in %s', (_, make) => {
  it.each(['rotate', 'undo'])('%s: the next call goes on, or goes back', async what => {
    const place = await make()
    env = place.env ?? {}
    const isUndo = what === 'undo'
    if (isUndo) await next(rotateKey)
    const before = await snapshot(place)
    let kills = 0
    for (let at = 1; ; at += 1) {
      await before()
      const args = ['keys', 'rotate', 'openai', '--wait', '0', ...(isUndo ? ['--undo'] : ['--no-check'])]
      const run = await agw(args, {
        cwd: folder,
        env: { ...env, ...killedAt(at, { lasting: true }) },
        input: NEW,
      })
      const kill = `kill ${at}`
      if (run.status === 0) break
      expect(run.status, `${kill}: ${run.stderr}`).toBe(null)
      kills += 1
      expect([OLD, NEW], kill).toContain(await current())
      await expectPrivate(kill)
      const killed = await snapshot(place)

      for (const [act, wanted] of [
        [rotateKey, NEW],
        [undoRotation, OLD],
      ] as const) {
        await killed()
        // Where nothing had begun, or all was over, there is nothing to go back to.
        await next(act).catch(error => {
          if (act !== undoRotation || error.code !== 'SECRET_MISSING') throw error
        })
        expect(await current(), `${kill}, ${act.name}`).toBe(wanted)
        await expectPrivate(`${kill}, ${act.name}`)
        await expectNothingLeft(`${kill}, ${act.name}`)
      }
    }
    expect(kills, 'the writes to a store are among them').toBeGreaterThanOrEqual(isUndo ? 5 : 7)
  })
})

it.each([
  ['beside the config', 'key.txt'],
  ['in a folder of its own', 'keys/openai.key'],
])(
  'what a command that was killed has left of a key %s goes with the next look at the keys',
  async (_, file) => {
    await mkdir(join(folder, 'keys'), { mode: 0o700 })
    await writeFile(join(folder, 'config.yaml'), GUIDE.file.replace('key.txt', file))
    const kill = killedAt(1, { lasting: true })
    await agw(['keys', 'set', 'openai', '--yes'], { cwd: folder, env: kill, input: NEW })
    expect(await holders(folder, NEW)).toEqual([expect.stringMatching(/\.agw-[^/]*\.tmp$/)])
    await expectPrivate('killed')
    await agw(['keys', 'list'], { cwd: folder })
    expect(await holders(folder, NEW)).toEqual([])
  },
)
