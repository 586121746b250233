import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import {
  checkMode,
  type FileProblemCode,
  kindOf,
  MAX_SECRET_BYTES,
  readSecretFile,
  type SecretFileKind,
} from '../../src/secrets/read.ts'
import { asNobody, fileIn, isWindows, linkIn, tempFolders } from './folders.ts'
import { kubernetesVolume } from './kubernetes-volume.ts'

const folder = tempFolders()

async function secretOf(content: string | Buffer): Promise<string | FileProblemCode> {
  const path = join(folder(), 'key')
  writeFileSync(path, content)
  const read = await readSecretFile(path)
  return read.ok ? read.secret.reveal() : read.problem.code
}

describe('readSecretFile', () => {
  const values: [what: string, content: string | Buffer, value: string][] = [
    ['a bare key', 'sk-abc', 'sk-abc'],
    ['a line end', 'sk-abc\n', 'sk-abc'],
    ['a Windows line end', 'sk-abc\r\n', 'sk-abc'],
    ['white space of every kind at both ends', ' \t\n\u00a0\u2028\u0085sk-abc\u3000 \n\n', 'sk-abc'],
    ['white space inside stays', 'sk abc\ndef\n', 'sk abc\ndef'],
    ['a byte order mark stays, as agentgateway leaves it', '\ufeffsk-abc', '\ufeffsk-abc'],
    ['exactly the size limit', 'x'.repeat(MAX_SECRET_BYTES), 'x'.repeat(MAX_SECRET_BYTES)],
  ]
  test.each(values)('%s', async (_, content, value) => {
    expect(await secretOf(content)).toBe(value)
  })

  const broken: [what: string, content: string | Buffer, code: FileProblemCode][] = [
    ['an empty file', '', 'empty'],
    ['white space only', ' \n\u2003\n', 'empty'],
    ['one byte more than the limit', 'x'.repeat(MAX_SECRET_BYTES + 1), 'too-large'],
    ['UTF-16', Buffer.from('\ufeffsk-abc', 'utf16le'), 'not-utf8'],
    ['Latin-1', Buffer.from([0x73, 0x6b, 0xe9]), 'not-utf8'],
  ]
  test.each(broken)('%s is a problem with message and hint', async (_, content, code) => {
    const path = join(folder(), 'key')
    writeFileSync(path, content)
    const read = await readSecretFile(path, {}, 'key')
    expect(read).toMatchObject({ ok: false, problem: { code, message: expect.stringMatching(/^key /) } })
    expect(!read.ok && read.problem.hint).toBeTruthy()
  })

  const odd: [what: string, make: (dir: string) => string, code: FileProblemCode, message: string][] = [
    ['nothing there', dir => join(dir, 'key'), 'missing', 'KEY does not exist'],
    ['a file in the way', dir => join(fileIn(dir), 'k'), 'missing', 'KEY does not exist'],
    ['a folder', dir => dir, 'not-a-file', 'KEY is a folder'],
    ['a dangling link', dir => linkIn(dir, 'l', 'no'), 'missing', 'KEY does not exist'],
    [
      'a loop of links',
      dir => linkIn(dir, 'l', 'l'),
      'unreadable',
      'KEY cannot be read: the system says ELOOP',
    ],
  ]
  test.each(odd)('%s', async (_, make, code, message) => {
    const read = await readSecretFile(make(folder()), {}, 'KEY')
    expect(read).toMatchObject({ ok: false, problem: { code, message } })
  })

  test.skipIf(isWindows)('a named pipe and a device are not waited for', async () => {
    const pipe = join(folder(), 'pipe')
    execFileSync('mkfifo', [pipe])
    for (const path of [pipe, '/dev/zero']) {
      expect(await readSecretFile(path)).toMatchObject({ ok: false, problem: { code: 'not-a-file' } })
    }
  })

  test.skipIf(isWindows)('no permission', async () => {
    const path = join(folder(), 'key')
    writeFileSync(path, 'sk-abc', { mode: 0o000 })
    const read = await asNobody(() => readSecretFile(path, {}, 'KEY'))
    expect(read).toMatchObject({
      ok: false,
      problem: { code: 'unreadable', message: 'KEY cannot be read: permission is denied' },
    })
  })

  test('it tells the facts, and the secret refers to the file as it was named', async () => {
    const dir = folder()
    writeFileSync(join(dir, 'real'), 'sk-abc')
    chmodSync(join(dir, 'real'), 0o640)
    symlinkSync('real', join(dir, 'key'))
    const read = await readSecretFile(join(dir, 'key'), {}, './key')
    if (!read.ok) throw new Error(read.problem.message)
    expect(String(read.secret)).toBe('<secret file ./key>')
    expect(read.facts).toEqual({
      mode: isWindows ? 0 : 0o640,
      owner: isWindows ? -1 : process.getuid?.(),
      realpath: join(dir, 'real'),
      mtime: expect.any(Date),
      kind: 'plain',
      hash: createHash('sha256').update('sk-abc').digest('hex'),
    })
  })

  test('on Windows there are no modes to complain about', async () => {
    const path = join(folder(), 'key')
    writeFileSync(path, 'sk-abc', { mode: 0o644 })
    const read = await readSecretFile(path, { platform: 'win32' })
    expect(read).toMatchObject({ ok: true, facts: { mode: 0, owner: -1 } })
    expect(read.ok && checkMode(read.facts)).toBe(undefined)
  })
})

describe('the mode of a key file', () => {
  const facts = { owner: 0, realpath: '/k', mtime: new Date(), kind: 'plain' as SecretFileKind }
  test.each([0o600, 0o400, 0o700])('%o is fine', mode => {
    expect(checkMode({ ...facts, mode })).toBe(undefined)
  })
  test.each([0o644, 0o640, 0o604, 0o666])('%o is a warning with the command that mends it', mode => {
    expect(checkMode({ ...facts, mode }, 'key.txt')).toEqual({
      severity: 'warning',
      message: `key.txt can be read by others (mode 0${mode.toString(8)})`,
      hint: 'run `chmod 600 key.txt`',
    })
  })
  test.each(['kubernetes', 'docker', 'systemd'] as const)('of a %s mount it is a note', kind => {
    expect(checkMode({ ...facts, kind, mode: 0o644 })).toMatchObject({ severity: 'note' })
  })
  test('a Kubernetes volume is known by its layout', async () => {
    const dir = join(folder(), 'vol')
    mkdirSync(dir)
    kubernetesVolume(dir).write({ openai: 'sk-abc\n' })
    const read = await readSecretFile(join(dir, 'openai'))
    expect(read).toMatchObject({ ok: true, facts: { kind: 'kubernetes' } })
  })
  const kinds: [path: string, credentials: string | undefined, kind: SecretFileKind][] = [
    ['/vol/..2026_11_23_16_18_25.110021/key', undefined, 'kubernetes'],
    ['/var/run/secrets/kubernetes.io/serviceaccount/..2026_11_23_16_18_25.1/token', undefined, 'kubernetes'],
    ['/run/secrets/openai', undefined, 'docker'],
    ['/run/credentials/agw.service/openai', undefined, 'systemd'],
    ['/somewhere/creds/openai', '/somewhere/creds/', 'systemd'],
    ['/home/me/run/secrets/openai', undefined, 'plain'],
    ['/home/me/..2026/key', undefined, 'plain'],
    ['/somewhere/creds2/openai', '/somewhere/creds', 'plain'],
  ]
  test.each(kinds)('%s (%s) is %s', (path, credentials, kind) => {
    expect(kindOf(path, credentials)).toBe(kind)
  })
})
