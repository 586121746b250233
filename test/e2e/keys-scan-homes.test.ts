import { chmod, mkdir, readFile, rm } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { agw } from '../helpers/agw.ts'
import { GUIDE } from '../helpers/guide.ts'
import { keyFile, MANIFEST, OPENAI, OWN, ScanScene } from '../helpers/scan-scene.ts'

const scene = new ScanScene()

describe('agw keys scan, and the files that are there to hold keys', () => {
  it('finds one in a dotenv file that others can read', async () => {
    await scene.put('.env', `OPENAI_API_KEY=${OWN}\n`)
    await rm(scene.path('.env'))
    await scene.put('.env', `OPENAI_API_KEY=${OWN}\n`, 0o644)
    expect((await scene.scan()).findings).toMatchObject([{ file: '.env', line: 1 }])
  })

  it.each([
    ['a file', '{ file: own.key }', 'own.key', `${OWN}\n`],
    ['the old key of a rotation beside it', '{ file: own.key }', 'own.key.previous', `${OPENAI}\n`],
    ['a dotenv file', '{ dotenv: keys.env }', 'keys.env', `OPENAI_API_KEY=${OWN}\n`],
  ])('takes what agw.yaml names for the home of a key: %s', async (_, place, name, text) => {
    await rm(scene.path('.env'))
    await scene.put('agw.yaml', `secrets:\n  OPENAI_API_KEY: ${place}\n`)
    await scene.put(name, text, 0o600)
    expect(await scene.scan()).toMatchObject({ status: 0, findings: [] })
    const overruled = await agw(['keys', 'scan'], { cwd: scene.folder, env: { OPENAI_API_KEY: OWN } })
    expect(overruled.status).toBe(0)
    await chmod(scene.path(name), 0o644)
    expect(await scene.scan()).toMatchObject({ status: 1, findings: [{ file: name }] })
  })

  it('takes what agw wrote for kubectl for the home of a key', async () => {
    await chmod(await scene.putManifest('.', OPENAI), 0o600)
    expect(await scene.scan()).toMatchObject({ status: 0, findings: [] })
    await chmod(scene.path(MANIFEST), 0o644)
    expect(await scene.scan()).toMatchObject({ status: 1, findings: [{ file: MANIFEST }] })
  })
})

describe('configs in folders below, which have homes of their own', () => {
  const below: [title: string, files: Record<string, string>, home: string][] = [
    ['a file of the config', { 'config.yaml': keyFile('own.key') }, 'own.key'],
    ['the old key of a rotation beside it', { 'config.yaml': keyFile('own.key') }, 'own.key.previous'],
    ['a dotenv file', { 'config.yaml': GUIDE.env }, '.env'],
    [
      'a file of agw.yaml',
      { 'config.yaml': GUIDE.env, 'agw.yaml': 'secrets:\n  OPENAI_API_KEY: { file: keys/one }\n' },
      'keys/one',
    ],
    ['a manifest', { 'config.yaml': GUIDE.env }, MANIFEST],
  ]
  it.each(below)('%s', async (_, files, home) => {
    await mkdir(scene.path('deploy/eu/keys'), { recursive: true })
    for (const [name, text] of Object.entries(files)) await scene.put(`deploy/eu/${name}`, text)
    await scene.put(`deploy/eu/${home}`, `OPENAI_API_KEY=${OPENAI}\n`, 0o600)
    expect(await scene.scan('.')).toMatchObject({ status: 0, findings: [] })
    expect(await scene.scan('deploy')).toMatchObject({ status: 0, findings: [] })
    await chmod(scene.path(`deploy/eu/${home}`), 0o644)
    expect(await scene.scan('.')).toMatchObject({ status: 1, findings: [{ file: `deploy/eu/${home}` }] })
  })

  it('a key file by its full path, as init writes it from elsewhere', async () => {
    const init = ['init', '--provider', 'openai', '--method', 'file', '--key-from-stdin', '--yes']
    await mkdir(scene.path('deploy'))
    const made = await agw([...init, '-f', 'deploy/config.yaml'], { cwd: scene.folder, input: OPENAI })
    expect(made.status, made.stderr).toBe(0)
    expect(await scene.scan('.')).toMatchObject({ status: 0, findings: [] })
  })

  it.each([
    ['is a config of another program', 'title: A site\nbaseURL: https://example.org\n'],
    ['has nothing in it but a word that this one has, too', 'config: { theme: dark }\n'],
    ['cannot be read', 'llm: {'],
    ['is empty', ''],
  ])('and none where config.yaml %s', async (_, text) => {
    await mkdir(scene.path('deploy'))
    await scene.put('deploy/config.yaml', text)
    await scene.put('deploy/.env', `K=${OPENAI}\n`, 0o600)
    expect(await scene.scan('.')).toMatchObject({ status: 1, findings: [{ file: 'deploy/.env' }] })
  })

  it('and no source of theirs is asked, trusted or not', async () => {
    await mkdir(scene.path('deploy'))
    const ran = scene.path('ran')
    await scene.put('deploy/config.yaml', GUIDE.env)
    const program = `{ exec: [touch, ${JSON.stringify(ran)}] }`
    await scene.put('deploy/agw.yaml', `secrets:\n  OPENAI_API_KEY: ${program}\n`)
    const home = scene.path('home')
    const run = (args: string[], cwd: string) => agw(args, { cwd, env: { HOME: home } })
    expect((await run(['trust', '--yes'], scene.path('deploy'))).status).toBe(0)
    expect((await run(['keys', 'scan', '.'], scene.folder)).status).toBe(0)
    await expect(readFile(ran)).rejects.toThrow('ENOENT')
    await run(['keys', 'scan'], scene.path('deploy'))
    expect(await readFile(ran, 'utf8'), 'its own scan asks it').toBe('')
  })
})
