import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Mock, startMock } from '../../src/mock/index.ts'
import { agw, BIN, start, tempFolder } from '../helpers/agw.ts'
import { freePort } from '../helpers/free-port.ts'
import { GUIDE } from '../helpers/guide.ts'
import { keyLike } from '../helpers/keys.ts'
import { FULL_SWEEP } from '../helpers/sweep.ts'

const CANARY = keyLike('openai', 'canary')

/** Every form in which the key could get out. */
const FORMS = [
  CANARY,
  encodeURIComponent(CANARY),
  Buffer.from(CANARY).toString('base64').replace(/=+$/, ''),
  Buffer.from(CANARY).toString('hex'),
  // A part is a leak too: more than prefix and last four.
  CANARY.slice(8, 32),
  CANARY.slice(-24),
]

function leaks(text: string): string[] {
  return FORMS.filter(form => text.includes(form))
}

let folder: string
let mock: Mock
beforeEach(async () => {
  folder = await tempFolder()
  mock = await startMock({ control: true })
})
afterEach(() => mock.close())

it('the test itself can fail: a planted leak is found', () => {
  expect(leaks(`error: Bearer ${CANARY} refused`)).not.toEqual([])
  expect(leaks(`?key=${encodeURIComponent(CANARY)}`)).not.toEqual([])
  expect(leaks(Buffer.from(CANARY).toString('base64'))).not.toEqual([])
})

const broken = GUIDE.inline.replace('sk-proj....', CANARY)
/** Configs with something wrong in them; sound ones, from every source, are in canary-sources.test.ts. */
const configs: [name: string, text: string, env: Record<string, string>, files: Record<string, string>][] = [
  ['inline, unknown key beside it', broken.replace('policies:', 'polices:'), {}, {}],
  ['inline, wrong type beside it', broken.replace('port: 3000', `port: ${CANARY}`), {}, {}],
  ['the key as a key', broken.replace('model:', `${CANARY}:`), {}, {}],
  ['the key in a comment', `${broken}# ${CANARY}\n`, {}, {}],
  ['the key in broken YAML', broken.replace(`"${CANARY}"`, `"${CANARY}`), {}, {}],
  ['the key as an alias', broken.replace(`"${CANARY}"`, `*${CANARY}`), {}, {}],
  ['the key as a variable name', broken.replace(`"${CANARY}"`, `"$${CANARY.replaceAll('-', '_')}"`), {}, {}],
  [
    'env that breaks the YAML',
    GUIDE.env.replace('"$OPENAI_API_KEY"', '$OPENAI_API_KEY'),
    { OPENAI_API_KEY: `${CANARY}: {` },
    {},
  ],
  ['the key as a path', GUIDE.file.replace('"key.txt"', CANARY), {}, {}],
  [
    'the key as a path, by way of a variable',
    GUIDE.file.replace('"key.txt"', '"$OPENAI_API_KEY"'),
    { OPENAI_API_KEY: CANARY },
    {},
  ],
  [
    'the key as a path in agw.yaml',
    GUIDE.env,
    {},
    { 'agw.yaml': `secrets:\n  OPENAI_API_KEY: { file: ${CANARY} }\n` },
  ],
  ['a spoilt file', GUIDE.file, {}, { 'key.txt': `${CANARY} ${CANARY}\n${CANARY}` }],
]

const commands: (readonly string[])[] = [
  ['validate'],
  ['validate', '--no-secrets'],
  ['validate', '--engine', 'embedded', '--strict'],
  ['validate', '--format', 'github'],
  ['validate', '--format', 'junit'],
  ['keys', 'list'],
  ['keys', 'check'],
  ['keys', 'remove', 'openai', '--dry-run'],
  ['doctor'],
  ['test-route', '--explain'],
  ['test-route', '--mock'],
  ['test-route', '--mock', '--header', 'x-mock: status=500'],
  ['test-route', '--connect-to', '::127.0.0.1:1'],
  ['serve', '--port', CANARY],
  ['keys', 'set', 'openai', '--dry-run'],
  ['keys', 'set', 'openai', '--method', 'env', '--dry-run'],
  ['keys', 'set', 'openai', '--method', 'inline', '--dry-run'],
]

describe('no output holds the key, whatever is wrong with the config', () => {
  it.each(configs)('%s', async (name, text, env, files) => {
    await writeFile(join(folder, 'config.yaml'), text)
    for (const [file, content] of Object.entries(files))
      await writeFile(join(folder, file), content, { mode: 0o600 })
    const turn = configs.findIndex(([one]) => one === name)
    // Every command meets every config; text and JSON take turns, so that it answers in both to some of them.
    const calls = commands.flatMap((command, index) => {
      const both = [[...command], [...command, '--json']]
      return FULL_SWEEP ? both : both.slice((index + turn) % 2).slice(0, 1)
    })
    for (const args of calls) {
      const run = await agw(args, { cwd: folder, env: { ...env, AGW_DEBUG: '1' }, input: CANARY })
      expect(leaks(run.stdout + run.stderr), args.join(' ')).toEqual([])
    }
  })
})

describe('argv mistakes do not repeat a key', () => {
  it.each([
    [['keys', 'set', 'openai', CANARY]],
    [['keys', 'set', CANARY]],
    [[CANARY]],
    [['validate', `--${CANARY}`]],
    [['validate', '--engine', CANARY]],
    [['serve', '--connect-to', CANARY]],
    [['init', '--provider', CANARY, '--method', 'env']],
    [['init', '--provider', 'openai', '--method', CANARY]],
    [['init', '--provider', 'openai', '--method', 'env', '--port', CANARY]],
    [['init', '--provider', 'openai', '--method', 'file', '--yes', '--key-file', CANARY]],
    [['init', '--provider', 'openai', '--method', 'env', '--yes', '--model', CANARY]],
    [['init', '--provider', 'openai', '--method', 'passthrough', '--yes', '--header', CANARY]],
    [['init', '--provider', 'vertex', '--method', 'env', '--yes', '--vertex-project', CANARY]],
    [['init', '--provider', 'bedrock', '--method', 'env', '--yes', '--aws-region', CANARY]],
    [['init', '--provider', 'azure', '--method', 'env', '--yes', '--azure-resource', CANARY]],
    [['init', '--provider', 'openai', '--method', 'env', '--yes', '--file', CANARY]],
    [['keys', 'set', 'openai', '--from-env', CANARY]],
    [['keys', 'set', 'openai', '--method', 'file', '--key-file', CANARY]],
    [['keys', 'set', 'openai', '--from-file', CANARY]],
    [['validate', CANARY]],
    [['keys', 'list', '--file', CANARY]],
    [['serve', '--access-log', CANARY, '--port', '1']],
    [['test-route', '--expect-status', CANARY]],
    [['mock', '--fail-rate', CANARY]],
    [['demo', CANARY]],
    [['validate', '-f', `/tmp/${CANARY}`]],
    [['validate', `none/${CANARY}/config.yaml`]],
    [['serve', '-f', `none/${CANARY}.yaml`]],
    [['serve', '--mock', '--access-log', `none/${CANARY}/access.log`]],
    [['keys', 'list', '-f', `./none/${CANARY}/config.yaml`]],
    [['keys', 'set', 'openai', '--from-file', `none/${CANARY}.key`]],
  ])('%#', async args => {
    await writeFile(join(folder, 'config.yaml'), GUIDE.file)
    for (const more of [[], ['--json']]) {
      const run = await agw([...args, ...more], { cwd: folder, input: '' })
      expect(run.status).not.toBe(0)
      expect(leaks(run.stdout + run.stderr)).toEqual([])
    }
  })
})

describe('a running gateway', () => {
  it.each(['text', 'json'])('logs nothing of a key, whatever the upstream does (%s)', async format => {
    const port = await freePort()
    const text = GUIDE.file
      .replace('3000', String(port))
      .replace('name: openai', `name: openai\n          hostOverride: "127.0.0.1:${mock.port}"`)
    await writeFile(join(folder, 'config.yaml'), text)
    await writeFile(join(folder, 'key.txt'), CANARY, { mode: 0o600 })
    const gateway = start(
      ['serve', '--log-level', 'debug', '--log-format', format, '--access-log', 'access.log'],
      { cwd: folder },
    )
    await gateway.until('ready')
    const ask = (headers: Record<string, string>, query = '') =>
      fetch(`http://127.0.0.1:${port}/v1/chat/completions${query}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify({ model: CANARY, messages: [{ role: 'user', content: CANARY }] }),
      })
        .then(answer => answer.text())
        .catch(() => '')
    for (const control of ['status=401', 'status=500', 'cut=10', 'latency=5'])
      await ask({ 'x-mock': control })
    await ask(
      { authorization: `Bearer ${CANARY}`, 'x-api-key': CANARY, cookie: CANARY },
      `?key=${CANARY}&api_key=${CANARY}`,
    )
    // The argument list and the environment of the process are the only other places a neighbour could look.
    if (process.platform === 'linux') {
      const pid = gateway.child.pid ?? 0
      expect(leaks(await readFile(`/proc/${pid}/cmdline`, 'latin1'))).toEqual([])
      expect(leaks(await readFile(`/proc/${pid}/environ`, 'latin1'))).toEqual([])
    }
    // A bad change is reported without its text.
    await writeFile(join(folder, 'config.yaml'), `${text}oops: ${CANARY}\n`)
    await gateway.until('reload rejected', 'stderr')
    await gateway.stop()
    for (const name of await readdir(folder, { recursive: true })) {
      if (name === 'config.yaml' || name === 'key.txt' || (await stat(join(folder, name))).isDirectory())
        continue
      expect(leaks(await readFile(join(folder, name), 'latin1')), name).toEqual([])
    }
    expect(leaks(gateway.stdout() + gateway.stderr())).toEqual([])
  })
})

it('the program is where the tests look for it', async () => {
  expect((await readFile(BIN, 'utf8')).startsWith('#!/usr/bin/env node')).toBe(true)
})
