import { spawnSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { agw, cleanEnv, type Run, tempFolder } from '../helpers/agw.ts'
import { GUIDE } from '../helpers/guide.ts'
import { keyLike } from '../helpers/keys.ts'
import { filesWith, type Leaks, leaksOf, watchProcesses } from '../helpers/leaks.ts'
import { noGit, unless } from '../helpers/needs.ts'
import { FULL_SWEEP } from '../helpers/sweep.ts'
import { STORES, type Store, type StoreKind } from '../secrets/sources/stores.ts'

/** Of this run only: all processes of the machine are watched. */
const RUN = randomUUID()
const OLD = keyLike('openai', `canary of stores, old ${RUN}`)
const NEW = keyLike('openai', `canary of stores, new ${RUN}`)
const keyLeaks = leaksOf([OLD, NEW])

let folder: string
let temp: string
/** Programs that agw starts, or could start. They tell what they were given, and where they do. */
let bin: string
let told: string
let tell: string
let store: Store | undefined
beforeEach(async () => {
  folder = await tempFolder()
  temp = await tempFolder()
  bin = await tempFolder()
  told = join(await tempFolder(), 'told')
  tell = `cat /proc/$$/cmdline /proc/$$/environ >> '${told}' 2>/dev/null`
  await program('kubectl', `cat >> '${told}'`)
  if (noGit !== undefined) return
  spawnSync('git', ['init', '-q'], { cwd: folder, env: cleanEnv(folder) })
  const git = spawnSync('sh', ['-c', 'command -v git'], { encoding: 'utf8' }).stdout.trim()
  await program('git', `exec '${git}' "$@"`)
})
afterEach(async () => {
  await store?.end?.()
  store = undefined
})

const program = (name: string, does: string) =>
  writeFile(join(bin, name), `#!/bin/sh\n${tell}\n${does}\n`, { mode: 0o755 })

async function setUp({ make }: StoreKind): Promise<Store> {
  store = await make(folder, tell)
  const { entry, sources } = store
  await writeFile(join(folder, 'config.yaml'), GUIDE.env)
  const more = sources === undefined ? '' : `sources: ${sources}\n`
  if (entry !== undefined)
    await writeFile(join(folder, 'agw.yaml'), `secrets:\n  OPENAI_API_KEY: ${entry}\n${more}`)
  return store
}

interface Seen extends Run {
  /** Where a key or a login came to light. */
  readonly leaks: readonly string[]
}

/** Runs a command, and looks at everything it lets out. */
async function watched(
  { env = {}, logins = [], asked }: Store,
  args: readonly string[],
  { input = '', more = {} }: { input?: string; more?: Readonly<Record<string, string>> } = {},
): Promise<Seen> {
  const allLeaks = leaksOf([OLD, NEW, ...logins])
  // A login stands in the environment of agw itself, where the user has put it.
  const stop = watchProcesses(allLeaks, keyLeaks)
  const path = `${bin}${delimiter}${process.env['PATH']}`
  const own = { PATH: path, TMPDIR: temp, AGW_TRUST: '1', AGW_DEBUG: '1', DEBUG: '*' }
  const run = await agw(args, { cwd: folder, env: { ...own, ...env, ...more }, input })
  const found: Readonly<Record<string, string[]>> = {
    stdout: allLeaks(run.stdout),
    stderr: allLeaks(run.stderr),
    'a process': stop(),
    'a program that was started': keyLeaks(existsSync(told) ? await readFile(told, 'latin1') : ''),
    'the temp folder': await filesWith(allLeaks, temp),
    'what the store was asked': allLeaks(asked?.() ?? ''),
  }
  const leaks = Object.entries(found).flatMap(([where, all]) => all.map(one => `${where}: ${one}`))
  return { ...run, leaks }
}

interface Step {
  readonly args: readonly string[]
  readonly input?: string
  /** What the store has afterwards, and the file that the key was moved to. */
  readonly has: readonly string[]
  readonly movedTo?: string
  readonly status?: number
}

function lifeIn({ method, files }: Store, canRotate: boolean): Step[] {
  const set = ['set', 'openai', '--yes']
  const first = {
    args: [...set, ...(method === undefined ? [] : ['--method', method])],
    input: OLD,
    has: [OLD],
  }
  const rotate = { args: ['rotate', 'openai', '--no-check', '--wait', '0'], input: NEW }
  const [to, movedTo] = files?.test('openai.key') ? ['env', '.env'] : ['file', 'openai.key']
  return [
    first,
    ...(canRotate
      ? [
          { ...rotate, has: [OLD, NEW] },
          { args: ['rotate', 'openai', '--undo'], has: [OLD] },
        ]
      : // Where nothing can be laid aside, a rotation is refused, and the key is set anew.
        [
          { ...rotate, has: [OLD], status: 3 },
          { args: set, input: NEW, has: [NEW] },
        ]),
    { args: ['move', 'openai', '--to', to, '--yes'], has: [], movedTo },
    { args: ['remove', 'openai', '--yes'], has: [] },
  ]
}

/** Which of the keys a store holds. */
async function keysIn({ held, files }: Store): Promise<string[]> {
  const own = (await filesWith(keyLeaks, folder)).filter(name => files?.test(name))
  const texts = await Promise.all(own.map(name => readFile(join(folder, name), 'utf8')))
  const text = [await held?.(), ...texts].join('\n')
  return [OLD, NEW].filter(key => text.includes(key))
}

/** The files of the folder in which a key or a login stands that are not the store's own. */
async function strayFiles({ files }: Store, leaks: Leaks): Promise<string[]> {
  return (await filesWith(leaks, folder)).filter(name => !files?.test(name))
}

/** Text and JSON take turns, and so each command of a life meets both. */
const ROWS = Object.entries(STORES).flatMap(([name, kind], at) =>
  (FULL_SWEEP ? [0, 1] : [at % 2]).map(turn => {
    const title = `${name}${kind.on === undefined ? '' : `, on ${kind.on}`}${unless(kind.skip)}`
    return [title, { kind, turn }] as const
  }),
)

// The programs that tell what they were given are shell scripts.
describe.skipIf(process.platform === 'win32')('a key that is kept in a store is seen nowhere else', () => {
  it.for(ROWS)('set, rotated and back, moved, removed: %s', async ([, { kind, turn }], context) => {
    if (kind.skip !== undefined) context.skip()
    const own = await setUp(kind)
    const logins = leaksOf(own.logins ?? [])
    const withLogins = await filesWith(logins, folder)
    for (const [at, { args, input, has, movedTo, status = 0 }] of lifeIn(own, !kind.noRotation).entries()) {
      const what = `agw keys ${args.join(' ')}`
      const json = (at + turn) % 2 === 0 ? ['--json'] : []
      const run = await watched(own, ['keys', ...args, ...json], { ...(input !== undefined && { input }) })
      expect(run.leaks, what).toEqual([])
      expect(run.status, what + run.stderr).toBe(status)
      if (json.length > 0 && status === 0)
        expect(JSON.parse(run.stdout), what).toMatchObject({ changed: true })
      expect(await keysIn(own), what).toEqual(has)
      expect(await strayFiles(own, keyLeaks), what).toEqual(movedTo === undefined ? [] : [movedTo])
      expect(await filesWith(logins, folder), what).toEqual(withLogins)
    }
    if (noGit === undefined) expect(existsSync(told), 'a program was started and looked at').toBe(true)
  })
})

describe.skipIf(process.platform !== 'linux')('the test can fail: a planted leak is seen', () => {
  const spawn = `const { spawnSync } = await import('node:child_process')`
  const nap = `process.execPath, ['-e', 'setTimeout(() => {}, 400)'`
  const git = `spawnSync('git', ['--version'], { env: { ...process.env, NODE_OPTIONS: '', A: key } })`
  it.each([
    ['stdout', 'process.stdout.write(Buffer.from(key).toString("base64"))'],
    ['stderr', 'process.stderr.write(key.slice(4, 40))'],
    ['a process: cmdline', `${spawn}; spawnSync(${nap}, key], { env: {} })`],
    ['a process: environ', `${spawn}; spawnSync(${nap}], { env: { A: key } })`],
    ['a program that was started', `${spawn}; ${git}`],
    ['the temp folder', 'fs.writeFileSync(process.env.TMPDIR + "/left", key)'],
    ['what the store was asked', 'await fetch(process.env.PLANTED_URL + "/?key=" + key).catch(() => {})'],
  ])('%s', async (where, code) => {
    if (where.startsWith('a program') && noGit !== undefined) return
    const own = await setUp(STORES['vault KV 2'] as StoreKind)
    for (const secret of [NEW, own.logins?.[0] ?? '']) {
      // Of a login, agw's own environment is where it comes from, and programs may be given it.
      if (secret !== NEW && /environ|program/.test(where)) continue
      // The secret comes out of a file: in the text of the plant it would be seen before anything is done with it.
      const file = join(await tempFolder(), 'secret')
      await writeFile(file, secret)
      const plant = `import fs from 'node:fs'; const key = fs.readFileSync(process.env.PLANTED, 'utf8'); ${code}`
      const more = {
        NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(plant)}`,
        PLANTED: file,
        PLANTED_URL: /address: "([^"]*)"/.exec(own.sources ?? '')?.[1] ?? '',
      }
      const { leaks } = await watched(own, ['--version'], { more })
      expect(leaks.filter(one => one.startsWith(where))).not.toEqual([])
    }
  })

  it('a file that is not the store', async () => {
    const own = await setUp(STORES['a key file'] as StoreKind)
    for (const name of ['openai.key', 'openai.key.bak']) await writeFile(join(folder, name), NEW)
    expect(await strayFiles(own, keyLeaks)).toEqual(['openai.key.bak'])
  })
})
