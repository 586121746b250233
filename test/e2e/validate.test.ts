import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { GUIDE } from '../helpers/guide.ts'
import { keyLike } from '../helpers/keys.ts'
import {
  BAD,
  DOUBTFUL,
  ENV,
  GOOD,
  json,
  KEY,
  NOT_HERE,
  put,
  useFolder,
  validate,
} from '../helpers/validate.ts'

useFolder()

const WRITTEN = keyLike('openai', 'written down')

describe('several files', () => {
  it('are checked in one run, each with its findings', async () => {
    await put({ 'conf/a.yaml': GOOD, 'conf/b.yaml': BAD, 'conf/deep/c.yaml': BAD, 'other.yaml': DOUBTFUL })
    const run = await validate(['conf/**/*.yaml', 'other.yaml', '--json', '--engine', 'agentgateway'], ENV)
    expect(run.status).toBe(1)
    expect(
      json(run).files.map(({ file, valid, diagnostics }) => [file, valid, diagnostics.map(one => one.code)]),
    ).toEqual([
      [join('conf', 'a.yaml'), true, []],
      [join('conf', 'b.yaml'), false, ['UNKNOWN_KEY']],
      [join('conf', 'deep', 'c.yaml'), false, ['UNKNOWN_KEY']],
      ['other.yaml', true, ['PLAIN_VIRTUAL_KEY']],
    ])
    expect(json(run).summary).toEqual({ files: 4, errors: 2, warnings: 1, notes: 0 })
  })

  it('end in one line with the sum', async () => {
    await put({ 'a.yaml': GOOD, 'b.yaml': BAD })
    const run = await validate(['?.yaml'])
    expect(run.stdout).toMatch(
      /✓ a\.yaml: no findings[\s\S]*b\.yaml:1:1 error UNKNOWN_KEY[\s\S]*✗ b\.yaml: 1 error\n\n2 files: 1 error\n$/,
    )
  })

  it('of many are told where something is found', async () => {
    const good = Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`good-${index}.yaml`, GOOD]))
    await put({ ...good, 'bad.yaml': BAD })
    const run = await validate(['*.yaml'])
    expect(run.stdout).toMatch(/^bad\.yaml:1:1 error UNKNOWN_KEY/)
    expect(run.stdout).toMatch(/\n✗ bad\.yaml: 1 error\n\n21 files: 1 error \(none in 20 other files\)\n$/)
    const clean = await validate(['good-*.yaml'])
    expect(clean.stdout).toBe('20 files: no findings\n')
  })

  it('may come from everywhere at once, and none twice', async () => {
    await put({ 'a.yaml': GOOD, 'b.yaml': GOOD })
    const run = await validate(['-f', 'a.yaml', '-', './a.yaml', 'b.yaml', '--json'], {}, BAD)
    expect(json(run).files.map(one => one.file)).toEqual(['a.yaml', '<stdin>', 'b.yaml'])
    expect(run.status).toBe(1)
  })

  it('are all told of, also where some cannot be read', async () => {
    await put({ 'good.yaml': GOOD, 'bad.yaml': BAD, 'folder/x': '' })
    const names = ['good.yaml', 'folder', 'nope.yaml', 'bad.yaml']
    const run = await validate(names)
    expect(run.status).toBe(2)
    expect(run.stdout).toMatch(
      /✓ good\.yaml: no findings[\s\S]*folder:1:1 error FILE_UNREADABLE\n {2}cannot read .*folder: it is a folder\n {2}→ [\s\S]*✗ folder: 1 error[\s\S]*nope\.yaml:1:1 error FILE_UNREADABLE\n {2}.*does not exist[\s\S]*✗ bad\.yaml: 1 error\n\n4 files: 3 errors\n$/,
    )
    const { files } = json(await validate([...names, '--json']))
    expect(files.map(({ file, valid }) => [file, valid])).toEqual([
      ['good.yaml', true],
      ['folder', false],
      ['nope.yaml', false],
      ['bad.yaml', false],
    ])
  })

  it('each have their own .env', async () => {
    await put({ 'a/config.yaml': GUIDE.env, 'a/.env': `OPENAI_API_KEY=${KEY}\n`, 'b/config.yaml': GUIDE.env })
    const run = await validate(['*/config.yaml', '--json'])
    expect(json(run).files.map(one => one.valid)).toEqual([true, false])
    expect(run.stdout + run.stderr).not.toContain(KEY)
  })
})

describe('the exit status', () => {
  it.each<[number, string, string[]]>([
    [0, GOOD, []],
    [1, BAD, []],
    [0, DOUBTFUL, []],
    [1, DOUBTFUL, ['--strict']],
    [0, DOUBTFUL, ['--max-warnings', '1']],
    [1, DOUBTFUL, ['--max-warnings', '0']],
    [1, BAD, ['--max-warnings', '100']],
    [0, DOUBTFUL, ['--no-secrets']],
    [0, NOT_HERE, []],
    [0, NOT_HERE, ['--strict']],
    [0, NOT_HERE, ['--engine', 'agentgateway']],
    [1, NOT_HERE, ['--engine', 'embedded']],
    [2, GOOD, ['nope.yaml']],
    [2, GOOD, ['config.yaml', 'nope.yaml']],
    [2, GOOD, ['*.yml']],
    [2, GOOD, ['--format', 'xml']],
    [2, GOOD, ['--max-warnings', '-1']],
    [2, GOOD, ['--schema', 'nope.json']],
    [2, GOOD, ['--schema', 'http://127.0.0.1:1/schema.json']],
    [2, GOOD, ['--schema', 'ftp://x/y']],
    [5, GOOD, ['--schema', 'https://127.0.0.1:1/schema.json']],
    [2, GOOD, ['--fix', '-']],
  ])('is %d for %j with %j', async (status, text, args) => {
    await put({ 'config.yaml': text })
    const run = await validate(args, ENV, text)
    expect(run.status, run.stdout + run.stderr).toBe(status)
  })

  it.each([[[]], [['--no-secrets']]])('counts a key in the config by --strict, with %j', async args => {
    await put({ 'config.yaml': GUIDE.inline.replace('sk-proj....', WRITTEN) })
    const run = await validate([...args, '--strict'])
    expect(run).toMatchObject({ status: 1, stdout: expect.stringContaining('warning INLINE_KEY') })
    expect(run.stdout + run.stderr).not.toContain(WRITTEN.slice(12, 40))
  })

  it('says why where the findings do not', async () => {
    await put({ 'config.yaml': DOUBTFUL })
    expect((await validate(['--strict'], ENV)).stderr).toMatch(/not passed: --strict/)
    expect((await validate(['--max-warnings', '0'], ENV)).stderr).toMatch(/not passed: 1 warning, .*allows 0/)
  })

  it('comes with nothing on standard output when there is nothing to check', async () => {
    await put({ 'config.yaml': BAD })
    expect((await validate(['nope.yaml', '--format', 'text'])).stdout).toBe('')
    for (const args of [['--json'], ['--format', 'json'], ['--format=json']]) {
      expect(JSON.parse((await validate(['nope.yaml', ...args])).stdout)).toMatchObject({
        error: { exitCode: 2 },
      })
    }
  })
})

describe('a comment that ignores nothing', () => {
  const text = `${GOOD}# agw-ignore KEY_FILE_MODE: on the server\n# agw-ignore NOT_RUN_HERE: no\n`

  it.each<[string[], string[]]>([
    [[], ['SUPPRESSION_UNUSED']],
    [['--engine', 'agentgateway'], []],
    [['--no-secrets'], ['SUPPRESSION_UNUSED']],
  ])('is told with %j, unless it depends on the machine or was not looked for', async (args, codes) => {
    await put({ 'config.yaml': text })
    expect(json(await validate([...args, '--json'])).files[0]?.diagnostics.map(one => one.code)).toEqual(
      codes,
    )
  })

  it('is not told in a file whose other findings are not known yet', async () => {
    await put({ 'config.yaml': `${text}bindz: []\n` })
    expect(json(await validate(['--json'])).files[0]?.diagnostics.map(one => one.code)).toEqual([
      'UNKNOWN_KEY',
    ])
  })
})

describe('large and strange input', () => {
  it('50 MB is a finding, from a file and from a pipe', async () => {
    const large = 'a'.repeat(50 * 1024 * 1024)
    await put({ 'config.yaml': large })
    for (const run of [await validate([]), await validate(['-'], {}, large)]) {
      expect([run.status, run.stdout]).toEqual([1, expect.stringMatching(/1:1 error TOO_LARGE/)])
    }
  })

  it('a line of a million characters is not printed', async () => {
    await put({ 'config.yaml': `bindz: [${'a, '.repeat(300_000)}]\n` })
    const run = await validate([])
    expect([run.status, run.stdout.length < 2000]).toEqual([1, true])
    expect(run.stdout).toContain('a line of 900009 characters, not shown')
  })
})
