import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { beforeEach, describe, expect, it } from 'vitest'
import type { Secret } from '../../src/secrets/index.ts'
import { type CertificateFiles, readCertificate } from '../../src/test-route/client-certificate.ts'
import { testRoute } from '../../src/test-route/test-route.ts'
import { tempFolder } from '../helpers/agw.ts'
import { makeCertificate } from '../helpers/tls.ts'

let folder: string
const notes: string[] = []
const secrets: Secret[] = []

beforeEach(async () => {
  notes.length = 0
  secrets.length = 0
  folder = await tempFolder()
  const [server, client, other] = ['localhost', 'ann', 'bob'].map(name => makeCertificate([name]))
  const tls = { cert: join(folder, 'server.pem'), key: join(folder, 'server.pem') }
  const files = {
    'server.pem': `${server?.cert}${server?.key}`,
    'ca.pem': client?.ca,
    'ann.pem': client?.cert,
    'ann.key': client?.key,
    'ann-both.pem': `${client?.key}${client?.cert}`,
    'bob.pem': `${other?.cert}${other?.key}`,
    'config.yaml': JSON.stringify({
      gateways: {
        default: { port: 3000, tls: { ...tls, root: join(folder, 'ca.pem') } },
        open: { port: 3001, tls },
      },
      routes: [
        { gateways: ['default', 'open'], policies: { directResponse: { status: 200, body: 'hello' } } },
      ],
    }),
  }
  for (const [name, text = ''] of Object.entries(files)) await writeFile(join(folder, name), text)
})

const ask = (
  certificate: CertificateFiles,
  more: { readonly port?: number; readonly explain?: boolean } = {},
) =>
  testRoute({
    load: { file: 'config.yaml', cwd: folder, env: {} },
    request: { path: '/', prompt: '', headers: [], stream: false, port: more.port },
    explain: more.explain ?? false,
    mock: false,
    certificate,
    connectTo: [],
    timeoutMs: 10_000,
    onLoaded: () => {},
    onSecret: secret => secrets.push(secret),
    onNote: note => notes.push(note),
    keys: {
      left: 0,
      forGateway: () => Promise.resolve(undefined),
      forProvider: () => Promise.resolve(undefined),
    },
  })

const NONE = { cert: undefined, key: undefined }

describe('a port that asks its clients for a certificate', () => {
  it('is not called without one, and what to give is said', async () => {
    await expect(ask(NONE)).rejects.toMatchObject({
      code: 'USAGE',
      message: 'port 3000 of the config asks its clients for a certificate',
      hint: expect.stringMatching(/--cert FILE and --cert-key FILE.*--explain/),
    })
    expect(await ask(NONE, { explain: true })).toMatchObject({ ok: true })
  })

  it.each([
    ['in two files', { cert: 'ann.pem', key: 'ann.key' }],
    ['in one', { cert: 'ann-both.pem', key: undefined }],
  ])('is shown one %s', async (_, files) => {
    expect(await ask(files, { port: 3000 })).toMatchObject({
      ok: true,
      answer: { status: 200, body: 'hello' },
    })
    expect(notes).toEqual([])
  })

  it('and says where it does not take that', async () => {
    const { trouble, answer } = await ask({ cert: 'bob.pem', key: undefined })
    expect(answer).toBeUndefined()
    expect(trouble).toMatchObject({
      code: 'UPSTREAM_FAILED',
      message: expect.stringMatching(/does not take the certificate of --cert/),
      hint: expect.stringMatching(/root/),
    })
  })

  it.each([
    [
      'a file that is not there',
      { cert: 'none.pem', key: undefined },
      /--cert cannot be read: it does not exist/,
    ],
    [
      'a folder in place of the key',
      { cert: 'ann.pem', key: '.' },
      /--cert-key cannot be read: it is a folder/,
    ],
    ['another key', { cert: 'ann.pem', key: 'bob.pem' }, /cannot be used \(ERR_\w+\)/],
    ['no key', { cert: 'ann.pem', key: undefined }, /cannot be used \(ERR_\w+\)/],
  ])('is not shown %s', async (_, files, message) => {
    await expect(ask(files)).rejects.toMatchObject({ code: 'USAGE', message: expect.stringMatching(message) })
  })
})

it('a port that asks for none is shown none, and a note says so', async () => {
  expect(await ask({ cert: 'ann-both.pem', key: undefined }, { port: 3001 })).toMatchObject({ ok: true })
  expect(notes).toEqual([expect.stringMatching(/shown to nobody: port 3001/)])
})

it.each([
  ['in two files', { cert: 'ann.pem', key: 'ann.key' }],
  ['in one', { cert: 'ann-both.pem', key: undefined }],
])('the key of a certificate %s is told to the redactor, and shown by nothing', async (_, files) => {
  const canary = (await readFile(join(folder, 'ann.key'), 'utf8')).split('\n')[1] ?? ''
  expect(canary.length).toBeGreaterThan(40)
  const read = readCertificate(files, folder)
  const result = await ask(files)
  expect(secrets.some(secret => secret.reveal().includes(canary))).toBe(true)
  expect(`${inspect(read, { depth: 9, showHidden: true })}${JSON.stringify([read, result])}`).not.toContain(
    canary,
  )
})
