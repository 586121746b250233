import { execFileSync } from 'node:child_process'
import { createWriteStream } from 'node:fs'
import { mkdir, rm, symlink, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { agw, start, tempFolder } from '../helpers/agw.ts'
import { GUIDE } from '../helpers/guide.ts'
import { keyLike } from '../helpers/keys.ts'

const KEY = keyLike('openai', 'not a file')
const SERVER = 'gateways: { default: { port: 3000, tls: { cert: x.pem, key: x.pem } } }\nroutes: []\n'

let folder: string
beforeEach(async () => {
  folder = await tempFolder()
})
const put = (name: string, content: string) => writeFile(join(folder, name), content)
const pipe = async (name: string): Promise<void> => {
  await rm(join(folder, name), { force: true })
  execFileSync('mkfifo', [join(folder, name)])
}

interface Case {
  readonly what: string
  /** The pipe that nobody writes to. */
  readonly name: string
  readonly files?: Record<string, string>
  readonly args: readonly string[]
  readonly status: number
  readonly says: RegExp
}

const INIT = ['init', '--provider', 'openai', '--method', 'env', '--key-from-stdin', '--yes']
const cases: Case[] = [
  {
    what: 'a config that is checked',
    name: 'config.yaml',
    args: ['validate'],
    status: 2,
    says: /cannot read \S+config\.yaml: it is a pipe, and nothing comes out of it\n {2}→ start what writes/,
  },
  {
    what: 'a config that is served',
    name: 'config.yaml',
    args: ['serve'],
    status: 3,
    says: /it is a pipe, and nothing comes out of it/,
  },
  {
    what: 'a config that is added to',
    name: 'config.yaml',
    args: [...INIT, '--add'],
    status: 3,
    says: /it is a pipe, and nothing comes out of it/,
  },
  {
    what: 'a config that is to be replaced',
    name: 'config.yaml',
    args: [...INIT, '--force'],
    status: 3,
    says: /cannot read \S+config\.yaml to change it: it is a pipe/,
  },
  {
    what: 'an agw.yaml',
    name: 'agw.yaml',
    files: { 'config.yaml': GUIDE.env },
    args: ['validate'],
    status: 2,
    says: /cannot read \S*agw\.yaml: it is a pipe/,
  },
  {
    what: 'a file for variables',
    name: '.env',
    files: { 'config.yaml': GUIDE.env },
    args: ['validate'],
    status: 1,
    says: /\.env is not a regular file/,
  },
  {
    what: 'a file that a variable is put into',
    name: '.env',
    files: { 'config.yaml': GUIDE.env },
    args: ['keys', 'set', 'openai'],
    status: 4,
    says: /\.env is not a regular file/,
  },
  {
    what: 'a file for the key of a new config',
    name: '.env',
    args: INIT,
    status: 3,
    says: /cannot read \S+\.env to change it: it is a pipe/,
  },
  {
    what: 'a key file',
    name: 'key.txt',
    files: { 'config.yaml': GUIDE.file },
    args: ['validate'],
    status: 1,
    says: /key\.txt is not a regular file/,
  },
  {
    what: 'a certificate',
    name: 'x.pem',
    files: { 'config.yaml': SERVER },
    args: ['validate'],
    status: 1,
    says: /x\.pem cannot be read: it is a pipe/,
  },
  {
    what: 'a certificate that is served',
    name: 'x.pem',
    files: { 'config.yaml': SERVER },
    args: ['serve'],
    status: 3,
    says: /x\.pem cannot be read: it is a pipe/,
  },
  {
    what: 'a key that is handed over',
    name: 'given',
    files: { 'config.yaml': GUIDE.env },
    args: ['keys', 'set', 'openai', '--from-file', 'given'],
    status: 4,
    says: /cannot read \S+given: it is a pipe, and nothing comes out of it/,
  },
  {
    what: 'a published schema',
    name: 'schema.json',
    files: { 'config.yaml': GUIDE.file, 'key.txt': KEY },
    args: ['validate', '--schema', 'schema.json'],
    status: 2,
    says: /cannot read the schema schema\.json: it is a pipe/,
  },
]

describe.skipIf(process.platform === 'win32')('a pipe that nobody writes to is not waited for', () => {
  it.each(cases)('$what', async ({ name, files = {}, args, status, says }) => {
    for (const [file, content] of Object.entries(files)) await put(file, content)
    await pipe(name)
    const run = await agw(args, { cwd: folder, input: `${KEY}\n` })
    expect(run.stdout + run.stderr).toMatch(says)
    expect(run.status, run.stderr).toBe(status)
  })
})

describe.skipIf(process.platform === 'win32')('a pipe that somebody writes to', () => {
  it('is read to its end, however long the writer takes', async () => {
    await pipe('given.yaml')
    await put('key.txt', KEY)
    const checking = start(['validate', 'given.yaml'], { cwd: folder })
    const writer = createWriteStream(join(folder, 'given.yaml'))
    for (const part of [GUIDE.file.slice(0, 40), GUIDE.file.slice(40)]) {
      await sleep(150)
      writer.write(part)
    }
    writer.end()
    await checking.until(/given\.yaml: /)
    expect(checking.stdout()).toMatch(/✓ given\.yaml/)
  })
})

describe.skipIf(process.platform === 'win32')('what else stands where a config is looked for', () => {
  let server: Server | undefined
  afterEach(() => void server?.close())
  it.each<[string, RegExp, () => Promise<void>]>([
    [
      'a folder',
      /it is a folder\n {2}→ name the file inside/,
      () => mkdir(join(folder, 'config.yaml')).then(),
    ],
    ['a device', /it is a device/, () => symlink('/dev/zero', join(folder, 'config.yaml'))],
    [
      'a link to itself',
      /it is a symbolic link that leads back to itself/,
      () => symlink('config.yaml', join(folder, 'config.yaml')),
    ],
    [
      'a socket',
      /it is a socket/,
      () =>
        new Promise(resolve => {
          server = createServer().listen(join(folder, 'config.yaml'), resolve)
        }),
    ],
  ])('%s', async (_, says, prepare) => {
    await prepare()
    const run = await agw(['validate', 'config.yaml'], { cwd: folder })
    expect([run.status, run.stderr]).toEqual([2, expect.stringMatching(says)])
  })
})
