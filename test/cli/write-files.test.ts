import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { type WriteFilesOptions, writeFiles } from '../../src/cli/write-files.ts'
import { clientEntries, described, planClient, planWithout } from '../../src/clients/index.ts'
import { keySlots } from '../../src/config/index.ts'
import { type LoadedConfig, loadConfig } from '../../src/load.ts'
import { requireKeyPlaces } from '../../src/require-config.ts'
import { Secret } from '../../src/secrets/secret.ts'
import { planRemoval } from '../../src/setup/forget-key.ts'
import type { PlannedFile } from '../../src/setup/planned-file.ts'
import { planStoreKey, type StoreRequest } from '../../src/setup/store-key.ts'
import { keyLike } from '../helpers/keys.ts'

const HASH = (digit: string): string => `sha256:${digit.repeat(64)}`
const KEY = keyLike('openai', 'write-files')
const CONFIG = `llm:
  models:
  - { name: one, provider: openAI, params: { apiKey: "$K" } }
  - { name: two, provider: openAI, params: { apiKey: ${KEY} } }
  policies:
    apiKey: { mode: strict, keys: [{ keyHash: "${HASH('a')}", metadata: { name: a } }] }
`

/** The config of a folder, read as commands read it. */
async function configWith(text: string): Promise<LoadedConfig> {
  const folder = await mkdtemp(join(tmpdir(), 'agw-write-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  await writeFile(join(folder, 'config.yaml'), text)
  await writeFile(join(folder, '.env'), 'A=1\n')
  await writeFile(join(folder, 'agw.yaml'), 'secrets: {}\n')
  return loadConfig({ file: join(folder, 'config.yaml'), env: {}, cwd: folder })
}

function write(
  files: readonly PlannedFile[],
  { folder }: LoadedConfig,
  more: { [option in keyof WriteFilesOptions]?: unknown } = {},
) {
  const terminal = {
    err: () => {},
    warn: () => {},
    style: (_: string, text: string) => text,
    redacted: (text: string) => text,
    columnsOf: () => Number.POSITIVE_INFINITY,
  }
  const prompt = { allowed: false }
  const options = { cwd: folder, env: {}, terminal, prompt, yes: true, dryRun: false, ...more }
  return writeFiles(files, options as unknown as WriteFilesOptions)
}

function addClient(loaded: LoadedConfig): PlannedFile {
  const [entry] = clientEntries(loaded.document)
  if (entry === undefined) throw new Error('no client')
  const client = { ...described('b', {}, undefined), hash: HASH('b') }
  return planClient(loaded, entry.place, client, { strict: false }).file
}

function slotOf(loaded: LoadedConfig, name: string) {
  const slots = keySlots(requireKeyPlaces(loaded), loaded.document)
  const slot = slots.find(one => one.name === name)
  if (slot === undefined) throw new Error('no slot')
  return { slot, slots }
}

const store =
  (request: Omit<StoreRequest, 'slot' | 'value'>) =>
  async (loaded: LoadedConfig): Promise<readonly PlannedFile[]> => {
    const { folder, path: config, agw, document } = loaded
    const { slot } = slotOf(loaded, 'one')
    const place = { config, text: document.text, dotenv: join(folder, '.env'), cwd: folder, folder, agw }
    return (await planStoreKey({ slot, value: new Secret(KEY, 'key'), ...request }, place)).files
  }

describe('a file that somebody else changes between the plan and the look at it', () => {
  const plans: [what: string, file: string, plan: (loaded: LoadedConfig) => unknown][] = [
    ['a client is let in', 'config.yaml', loaded => [addClient(loaded)]],
    [
      'a client goes',
      'config.yaml',
      loaded => clientEntries(loaded.document).map(entry => planWithout(loaded, entry).file),
    ],
    ['a key is stored in the config', 'config.yaml', store({ method: 'inline' })],
    ['a key is stored in .env', '.env', store({ method: 'env' })],
    ['a place is written to agw.yaml', 'agw.yaml', store({ method: 'keychain' })],
    [
      'a key leaves the config',
      'config.yaml',
      async loaded => {
        const place = { ...slotOf(loaded, 'two'), loaded, cwd: loaded.folder, env: {} }
        return (await planRemoval(place)).files
      },
    ],
  ]
  it.each(plans)('stays as it is when %s', async (_, file, plan) => {
    const loaded = await configWith(CONFIG)
    const files = (await plan(loaded)) as PlannedFile[]
    expect(files.map(one => one.path)).toContain(join(loaded.folder, file))
    const path = join(loaded.folder, file)
    const theirs = `${await readFile(path, 'utf8')}# theirs\n`
    await writeFile(path, theirs)
    await expect(write(files, loaded)).rejects.toMatchObject({ code: 'CONFIG_CHANGED' })
    expect(await readFile(path, 'utf8')).toBe(theirs)
  })
})

describe('what is stored before the files are written', () => {
  const theirs = `${CONFIG}# theirs\n`
  const scene = async () => {
    const loaded = await configWith(CONFIG)
    const done: string[] = []
    const takeBack = async () => {
      done.push('taken back')
      return 'the key was taken out again'
    }
    return { loaded, done, takeBack, change: () => writeFile(loaded.path, theirs) }
  }

  it('is not stored when a file was changed before the yes', async () => {
    const { loaded, done, change } = await scene()
    const prompt = { allowed: true, confirm: () => change().then(() => true) }
    const beforeWriting = async () => void done.push('stored')
    await expect(
      write([addClient(loaded)], loaded, { yes: false, prompt, beforeWriting }),
    ).rejects.toMatchObject({ code: 'CONFIG_CHANGED' })
    expect([done, await readFile(loaded.path, 'utf8')]).toEqual([[], theirs])
  })

  it('is not stored when a file is a link to another folder', async () => {
    const { loaded, done } = await scene()
    const elsewhere = await configWith(CONFIG)
    await rm(loaded.path)
    await symlink(elsewhere.path, loaded.path)
    const first = { path: join(loaded.folder, 'agw.yaml'), content: 'x: 1\n', what: '', secret: false }
    const beforeWriting = async () => void done.push('stored')
    await expect(write([first, addClient(loaded)], loaded, { beforeWriting })).rejects.toMatchObject({
      code: 'WRITE_FAILED',
      message: expect.stringContaining('it is a symbolic link'),
    })
    expect([done, await readFile(first.path, 'utf8')]).toEqual([[], 'secrets: {}\n'])
  })

  it('is taken back when a file is changed meanwhile', async () => {
    const { loaded, done, change, takeBack } = await scene()
    const beforeWriting = async () => {
      await change()
      return takeBack
    }
    await expect(write([addClient(loaded)], loaded, { beforeWriting })).rejects.toMatchObject({
      code: 'CONFIG_CHANGED',
      message: expect.stringMatching(/meantime; the key was taken out again; nothing was written$/),
    })
    expect([done, await readFile(loaded.path, 'utf8')]).toEqual([['taken back'], theirs])
  })

  it('stays when a file that was written refers to it', async () => {
    const { loaded, done, change, takeBack } = await scene()
    const first = {
      path: join(loaded.folder, 'agw.yaml'),
      content: 'secrets: {} # new\n',
      what: '',
      secret: false,
    }
    const beforeWriting = async () => {
      await change()
      return takeBack
    }
    await expect(write([first, addClient(loaded)], loaded, { beforeWriting })).rejects.toMatchObject({
      message: expect.stringMatching(/meantime; agw\.yaml was written before$/),
    })
    expect(done).toEqual([])
  })
})

it('a byte order mark stays', async () => {
  const loaded = await configWith(`\ufeff${CONFIG}`)
  const file = addClient(loaded)
  expect(await write([file], loaded)).toMatchObject([{ action: 'updated' }])
  expect(await readFile(file.path, 'utf8')).toBe(`\ufeff${file.content}`)
})
