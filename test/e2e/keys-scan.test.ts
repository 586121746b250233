import { execFileSync } from 'node:child_process'
import { chmod, mkdir, open, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { beforeEach, describe, expect, it } from 'vitest'
import { agw, tempFolder } from '../helpers/agw.ts'
import { GUIDE } from '../helpers/guide.ts'
import { keyLike } from '../helpers/keys.ts'
import { noGit, unless } from '../helpers/needs.ts'

const OWN = 'a-self-hosted-token/42'
const OPENAI = keyLike('openai', 'leak')

let folder: string
beforeEach(async () => {
  folder = await tempFolder()
  await writeFile(join(folder, 'config.yaml'), GUIDE.env)
  await writeFile(join(folder, '.env'), `OPENAI_API_KEY=${OWN}\n`, { mode: 0o600 })
})

const git = (...args: string[]): string =>
  execFileSync('git', ['-C', folder, '-c', 'user.name=t', '-c', 'user.email=t@t', ...args], {
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], HOME: folder, GIT_CONFIG_NOSYSTEM: '1' },
  })

const utf16 = (text: string): Buffer => Buffer.from(`\ufeff${text}`, 'utf16le')
/** Longer than what is searched in one go. */
const LONG = 'abcdefg\n'.repeat(750_000)

const MANIFEST = 'kubernetes-secret.yaml'
const keyFile = (name: string): string =>
  `llm:\n  models:\n  - { name: gpt-5, provider: openAI, params: { apiKey: { file: ${name} } } }\n`

async function manifest(where: string, key: string): Promise<string> {
  const path = join(folder, where, MANIFEST)
  await writeFile(path, `data:\n  Authorization: ${Buffer.from(key).toString('base64')}\n`)
  return path
}

interface Finding {
  readonly code: string
  readonly file: string
  readonly line: number
  readonly column: number
  readonly commit: string | null
}

async function scan(
  ...args: string[]
): Promise<{ status: number | null; findings: Finding[]; gaps: string[]; complete: boolean; text: string }> {
  const run = await agw(['keys', 'scan', '--json', ...args], { cwd: folder })
  expect(run.stdout + run.stderr).not.toContain(OWN)
  expect(run.stdout + run.stderr).not.toContain(OPENAI.slice(10, 40))
  const { findings = [], gaps = [], complete = false } = JSON.parse(run.stdout)
  return { status: run.status, findings, gaps, complete, text: run.stdout }
}

describe('agw keys scan', () => {
  it('finds nothing where all is as it should be', async () => {
    expect(await scan()).toMatchObject({ status: 0, findings: [] })
  })

  const places: [title: string, name: string, text: string, at: object][] = [
    ['a backup of .env', '.env~', `OPENAI_API_KEY=${OWN}\n`, { code: 'LEAKED_KEY', line: 1, column: 16 }],
    ['a copy', 'config.yaml.bak', `x: 1\nkey: "${OPENAI}"\n`, { code: 'KEY_IN_TEXT', line: 2, column: 7 }],
    [
      'a swap file of vim',
      '.config.yaml.swp',
      `b0VIM\0\0\xff\n${OPENAI}\0`,
      { code: 'KEY_IN_TEXT', line: 2 },
    ],
    [
      'a manifest',
      'secret.yaml',
      `data:\n  k: ${Buffer.from(OPENAI).toString('base64')}\n`,
      { line: 2, column: 6 },
    ],
    [
      'a note, URL-encoded',
      'notes.txt',
      `?key=${encodeURIComponent(OWN)}`,
      { code: 'LEAKED_KEY', column: 6 },
    ],
    ['the config itself', 'config.yaml', GUIDE.inline.replace('sk-proj....', OPENAI), { code: 'LEAKED_KEY' }],
  ]
  it.each(places)('finds a key in %s', async (_, name, text, at) => {
    await writeFile(join(folder, name), text, 'latin1')
    const { status, findings } = await scan()
    expect(status).toBe(1)
    expect(findings).toMatchObject([{ file: name, ...at }])
  })

  const encodings: [title: string, bytes: Buffer, at: object][] = [
    ['UTF-16, as PowerShell writes it', utf16(`ä\r\n${OPENAI}\r\n`), { line: 2, column: 1 }],
    ['UTF-16 without a byte order mark', utf16(`x\n${OPENAI}\n`).subarray(2), { line: 2, column: 1 }],
    ['UTF-16 of the other byte order', utf16(`x\n${OPENAI}\n`).swap16(), { line: 2, column: 1 }],
    [
      'UTF-16 of the other order, without a mark',
      utf16(`x\n ${OPENAI}\n`).swap16().subarray(2),
      { column: 2 },
    ],
    ['a large file', Buffer.from(`${LONG}é ${OPENAI}`), { line: 750_001, column: 3 }],
    ['a large file in UTF-16', utf16(`${LONG} ${OPENAI}`), { line: 750_001, column: 2 }],
  ]
  it.each(encodings)('finds a key in %s', async (_, bytes, at) => {
    await writeFile(join(folder, 'export.txt'), bytes)
    expect(await scan()).toMatchObject({
      status: 1,
      complete: true,
      findings: [{ file: 'export.txt', ...at }],
    })
  })

  it('says that it has not looked into what is compressed', async () => {
    await writeFile(join(folder, 'dump.gz'), gzipSync(OPENAI))
    const { status, findings, gaps, complete } = await scan()
    expect({ status, findings, complete }).toEqual({ status: 0, findings: [], complete: false })
    expect(gaps).toEqual(['dump.gz is compressed: what is in it was not looked at'])
  })

  it('does not pass when a file that was named cannot be looked into', async () => {
    const file = await open(join(folder, 'huge.bin'), 'w')
    await file.truncate(3 * 1024 ** 3)
    await file.close()
    expect(await scan('huge.bin')).toMatchObject({ status: 1, complete: false, findings: [] })
    expect(await scan()).toMatchObject({ status: 0, complete: false, findings: [] })
  })

  it('finds one in a dotenv file that others can read', async () => {
    await writeFile(join(folder, '.env'), `OPENAI_API_KEY=${OWN}\n`)
    await rm(join(folder, '.env'))
    await writeFile(join(folder, '.env'), `OPENAI_API_KEY=${OWN}\n`, { mode: 0o644 })
    expect((await scan()).findings).toMatchObject([{ file: '.env', line: 1 }])
  })

  it.each([
    ['a file', '{ file: own.key }', 'own.key', `${OWN}\n`],
    ['the old key of a rotation beside it', '{ file: own.key }', 'own.key.previous', `${OPENAI}\n`],
    ['a dotenv file', '{ dotenv: keys.env }', 'keys.env', `OPENAI_API_KEY=${OWN}\n`],
  ])('takes what agw.yaml names for the home of a key: %s', async (_, place, name, text) => {
    await rm(join(folder, '.env'))
    await writeFile(join(folder, 'agw.yaml'), `secrets:\n  OPENAI_API_KEY: ${place}\n`)
    await writeFile(join(folder, name), text, { mode: 0o600 })
    expect(await scan()).toMatchObject({ status: 0, findings: [] })
    const overruled = await agw(['keys', 'scan'], { cwd: folder, env: { OPENAI_API_KEY: OWN } })
    expect(overruled.status).toBe(0)
    await chmod(join(folder, name), 0o644)
    expect(await scan()).toMatchObject({ status: 1, findings: [{ file: name }] })
  })

  it('takes what agw wrote for kubectl for the home of a key', async () => {
    await chmod(await manifest('.', OPENAI), 0o600)
    expect(await scan()).toMatchObject({ status: 0, findings: [] })
    await chmod(join(folder, MANIFEST), 0o644)
    expect(await scan()).toMatchObject({ status: 1, findings: [{ file: MANIFEST }] })
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
      await mkdir(join(folder, 'deploy', 'eu', 'keys'), { recursive: true })
      for (const [name, text] of Object.entries(files)) await writeFile(join(folder, 'deploy/eu', name), text)
      await writeFile(join(folder, 'deploy/eu', home), `OPENAI_API_KEY=${OPENAI}\n`, { mode: 0o600 })
      expect(await scan('.')).toMatchObject({ status: 0, findings: [] })
      expect(await scan('deploy')).toMatchObject({ status: 0, findings: [] })
      await chmod(join(folder, 'deploy/eu', home), 0o644)
      expect(await scan('.')).toMatchObject({ status: 1, findings: [{ file: `deploy/eu/${home}` }] })
    })

    it('a key file by its full path, as init writes it from elsewhere', async () => {
      const init = ['init', '--provider', 'openai', '--method', 'file', '--key-from-stdin', '--yes']
      await mkdir(join(folder, 'deploy'))
      const made = await agw([...init, '-f', 'deploy/config.yaml'], { cwd: folder, input: OPENAI })
      expect(made.status, made.stderr).toBe(0)
      expect(await scan('.')).toMatchObject({ status: 0, findings: [] })
    })

    it.each([
      ['is a config of another program', 'title: A site\nbaseURL: https://example.org\n'],
      ['has nothing in it but a word that this one has, too', 'config: { theme: dark }\n'],
      ['cannot be read', 'llm: {'],
      ['is empty', ''],
    ])('and none where config.yaml %s', async (_, text) => {
      await mkdir(join(folder, 'deploy'))
      await writeFile(join(folder, 'deploy/config.yaml'), text)
      await writeFile(join(folder, 'deploy/.env'), `K=${OPENAI}\n`, { mode: 0o600 })
      expect(await scan('.')).toMatchObject({ status: 1, findings: [{ file: 'deploy/.env' }] })
    })

    it('and no source of theirs is asked, trusted or not', async () => {
      await mkdir(join(folder, 'deploy'))
      const ran = join(folder, 'ran')
      await writeFile(join(folder, 'deploy/config.yaml'), GUIDE.env)
      await writeFile(
        join(folder, 'deploy/agw.yaml'),
        `secrets:\n  OPENAI_API_KEY: { exec: [touch, ${JSON.stringify(ran)}] }\n`,
      )
      const home = join(folder, 'home')
      const run = (args: string[], cwd: string) => agw(args, { cwd, env: { HOME: home } })
      expect((await run(['trust', '--yes'], join(folder, 'deploy'))).status).toBe(0)
      expect((await run(['keys', 'scan', '.'], folder)).status).toBe(0)
      await expect(readFile(ran)).rejects.toThrow('ENOENT')
      await run(['keys', 'scan'], join(folder, 'deploy'))
      expect(await readFile(ran, 'utf8'), 'its own scan asks it').toBe('')
    })
  })

  it('looks into the folders of a path that is named, and follows no link', async () => {
    await mkdir(join(folder, 'a', 'b'), { recursive: true })
    await mkdir(join(folder, 'node_modules'))
    await writeFile(join(folder, 'a', 'b', 'c.js'), OPENAI)
    await writeFile(join(folder, 'node_modules', 'c.js'), OPENAI)
    await symlink(join(folder, 'a'), join(folder, 'loop'))
    expect((await scan()).findings).toEqual([])
    expect((await scan('.')).findings).toMatchObject([{ file: 'a/b/c.js' }])
    expect((await scan('a/b/c.js')).findings).toMatchObject([{ file: 'a/b/c.js' }])
  })

  it('needs no config, and no key that resolves', async () => {
    await rm(join(folder, '.env'))
    await writeFile(join(folder, 'x'), OPENAI)
    expect((await scan()).findings).toMatchObject([{ file: 'x' }])
    await rm(join(folder, 'config.yaml'))
    expect((await scan()).findings).toMatchObject([{ file: 'x' }])
  })

  it('looks into what a shell remembers when it is asked to', async () => {
    const home = join(folder, 'home')
    await mkdir(home)
    await writeFile(join(home, '.bash_history'), `ls\nexport OPENAI_API_KEY=${OPENAI}\n`)
    const run = (more: string[]) =>
      agw(['keys', 'scan', '--json', ...more], { cwd: folder, env: { HOME: home } })
    expect((await run([])).status).toBe(0)
    const found = await run(['--shell-history'])
    expect(found.status).toBe(1)
    expect(JSON.parse(found.stdout).findings).toMatchObject([{ file: 'home/.bash_history', line: 2 }])
  })

  it('leaves out what a comment allows and what the baseline knows, and finds what is new', async () => {
    await writeFile(join(folder, 'a.md'), `${OPENAI} <!-- agw:allow -->\n`)
    expect((await scan()).findings).toEqual([])
    await writeFile(join(folder, 'a.md'), `${OPENAI}\n`)
    expect((await scan('--write-baseline', 'known.json')).status).toBe(0)
    const written = await agw(['keys', 'scan', '--write-baseline', 'known.json'], { cwd: folder })
    expect(written.stdout).toMatch(/\n✓ 1 key in clear text, known from now on \(\d+ files?\)\n$/)
    expect(await readFile(join(folder, 'known.json'), 'utf8')).not.toContain(OPENAI.slice(10, 40))
    await writeFile(join(folder, 'a.md'), `moved\n\n${OPENAI}\n`)
    expect((await scan('--baseline', 'known.json')).status).toBe(0)
    await writeFile(join(folder, 'a.md'), `${keyLike('openai', 'another')}\n`)
    expect(await scan('--baseline', 'known.json')).toMatchObject({ status: 1, findings: [{ file: 'a.md' }] })
    await writeFile(join(folder, 'bad.json'), OPENAI)
    expect(await scan('--baseline', 'bad.json')).toMatchObject({ status: 2 })
  })

  it('goes on when .env is not UTF-8, of which validate has a finding', async () => {
    await writeFile(join(folder, '.env'), utf16(`OPENAI_API_KEY=${OWN}\n`))
    await writeFile(join(folder, 'x.txt'), OPENAI)
    expect(await scan()).toMatchObject({ status: 1, findings: [{ file: 'x.txt' }] })
    const validate = await agw(['validate', '--json'], { cwd: folder })
    expect(validate.status).toBe(1)
    expect(JSON.parse(validate.stdout).files[0]).toMatchObject({
      file: '.env',
      diagnostics: [
        { code: 'DOTENV_UNREADABLE', line: 1, column: 1, hint: expect.stringContaining('save it as UTF-8') },
      ],
    })
    const shape = await agw(['validate', '--no-secrets', '--json'], { cwd: folder })
    expect(shape.status).toBe(0)
    expect(shape.stdout).not.toContain('.env')
  })

  it('has a variable of its own for the format: that of validate knows others', async () => {
    const run = (env: Record<string, string>) => agw(['keys', 'scan'], { cwd: folder, env })
    expect(await run({ AGW_FORMAT: 'junit' })).toMatchObject({ status: 0, stderr: '' })
    expect(JSON.parse((await run({ AGW_SCAN_FORMAT: 'json' })).stdout)).toMatchObject({ complete: true })
    expect(JSON.parse((await run({ AGW_SCAN_FORMAT: 'sarif' })).stdout)).toMatchObject({ version: '2.1.0' })
  })

  it('gives SARIF with a rule, a place and a fingerprint for each', async () => {
    await writeFile(join(folder, 'x.txt'), `${OPENAI}\n`)
    const run = await agw(['keys', 'scan', '--format', 'sarif'], { cwd: folder })
    expect(run.status).toBe(1)
    const [{ tool, results }] = JSON.parse(run.stdout).runs
    expect(tool.driver.rules).toMatchObject([
      { id: 'KEY_IN_TEXT', properties: { 'security-severity': '7.5' } },
    ])
    expect(results).toMatchObject([
      { ruleId: 'KEY_IN_TEXT', locations: [{ physicalLocation: { artifactLocation: { uri: 'x.txt' } } }] },
    ])
    expect(results[0].partialFingerprints['agwFinding/v1']).toMatch(/^[0-9a-f]{32}:1$/)
  })
})

describe.skipIf(noGit !== undefined)(`git history${unless(noGit)}`, () => {
  beforeEach(() => {
    git('init', '-q')
    git('commit', '-q', '--allow-empty', '-m', 'start')
  })

  async function commit(name: string, text: string, message = 'change'): Promise<string> {
    await writeFile(join(folder, name), text)
    git('add', '-f', name)
    git('commit', '-q', '-m', message)
    return git('rev-parse', '--short', 'HEAD').trim()
  }

  it('finds a key in a file that is gone, with the commit that brought it in', async () => {
    const at = await commit('old.txt', `a\n  ${OPENAI}\n`)
    await commit('old.txt', `a\n  ${OPENAI}\nb\n`)
    git('rm', '-q', 'old.txt')
    git('commit', '-q', '-m', 'gone')
    const { status, findings } = await scan()
    expect(status).toBe(1)
    expect(findings).toMatchObject([
      { file: 'old.txt', line: 2, column: 3, commit: expect.stringMatching(`^${at} \\d{4}-`) },
    ])
    expect((await scan('--no-history')).findings).toEqual([])
  })

  it('finds a key in a message, on another branch, in a merge, in the stash, in the index and in the reflog', async () => {
    git('commit', '-q', '--allow-empty', '-m', `oops ${OPENAI}`)
    expect((await scan()).findings).toMatchObject([{ file: '(a commit message)' }])
    git('commit', '-q', '--amend', '--allow-empty', '-m', 'clean')
    expect((await scan()).findings, 'reflog').toHaveLength(1)

    git('checkout', '-q', '-b', 'side')
    await commit('side.txt', keyLike('openai', 'side'))
    git('checkout', '-q', '-')
    await writeFile(join(folder, 'stash.txt'), keyLike('openai', 'stash'))
    git('add', 'stash.txt')
    git('stash', '-q')
    await writeFile(join(folder, 'index.txt'), keyLike('openai', 'index'))
    git('add', 'index.txt')
    await rm(join(folder, 'index.txt'))
    const { findings } = await scan()
    expect(findings.map(one => one.file).sort()).toEqual([
      '(a commit message)',
      'index.txt',
      'side.txt',
      'stash.txt',
    ])
    expect(findings.find(one => one.file === 'index.txt')?.commit).toBe('not committed')
  })

  it('counts what it has looked into, one or more', async () => {
    const told = async () => (await agw(['keys', 'scan'], { cwd: folder })).stdout
    expect(await told()).toContain(' and 1 version or message in git)')
    await commit('a.txt', 'a\n')
    expect(await told()).toMatch(/ and \d+ versions and messages in git\)/)
  })

  it.each(['before the first commit', 'later'])(
    '--staged looks only into what the next commit takes in, %s',
    async when => {
      if (when !== 'later') {
        await rm(join(folder, '.git'), { recursive: true })
        git('init', '-q')
      } else {
        await commit('old.txt', keyLike('openai', 'long ago'))
        await commit('gone.txt', keyLike('openai', 'taken out'))
        git('rm', '-q', 'gone.txt')
      }
      await writeFile(join(folder, 'not staged.txt'), keyLike('openai', 'not staged'))
      await writeFile(join(folder, 'fine.txt'), 'nothing')
      git('add', 'fine.txt', 'config.yaml')
      expect(await scan('--staged')).toMatchObject({ status: 0, findings: [] })
      await mkdir(join(folder, 'sub dir'))
      await writeFile(join(folder, 'sub dir', 'ä\tb.txt'), `x\n  ${OPENAI}\n`)
      git('add', 'sub dir')
      await rm(join(folder, 'sub dir'), { recursive: true })
      git('add', '-f', '.env')
      const { status, findings } = await scan('--staged')
      expect(status).toBe(1)
      expect(findings.map(one => [one.file, one.line, one.column, one.commit])).toEqual([
        ['.env', 1, 16, null],
        ['sub dir/ä\tb.txt', 2, 3, null],
      ])
    },
  )

  it.each(['--staged', '--history'])('looks into large files and UTF-16 that git has: %s', async flag => {
    await writeFile(join(folder, 'big.txt'), `${LONG}${OPENAI}\n`)
    await writeFile(join(folder, 'wide.txt'), utf16(keyLike('openai', 'wide')))
    await writeFile(join(folder, 'dump.gz'), gzipSync(OPENAI))
    git('add', 'big.txt', 'wide.txt', 'dump.gz')
    for (const name of ['big.txt', 'wide.txt', 'dump.gz']) await rm(join(folder, name))
    const { status, findings, gaps } = await scan(flag)
    expect(status).toBe(1)
    expect(findings.map(({ file, line }) => [file, line]).sort()).toEqual([
      ['big.txt', 750_001],
      ['wide.txt', 1],
    ])
    expect(gaps).toEqual(['dump.gz is compressed: what is in it was not looked at'])
  })

  it('--staged takes no path, and needs a repository', async () => {
    expect(await scan('--staged', '.')).toMatchObject({ status: 2 })
    await rm(join(folder, '.git'), { recursive: true })
    const outside = await scan('--staged')
    expect(outside).toMatchObject({ status: 2, text: expect.stringContaining('in a repository') })
  })

  it('tells that a dotenv file is in git, though only its owner can read it', async () => {
    git('add', '-f', '.env')
    git('commit', '-q', '-m', 'env')
    const { findings } = await scan()
    expect(findings.map(one => [one.file, one.commit === null])).toEqual([
      ['.env', true],
      ['.env', false],
    ])
  })

  it('tells that the home of a key below is in git, and a manifest that git would take in', async () => {
    await mkdir(join(folder, 'deploy'))
    await writeFile(join(folder, 'deploy/config.yaml'), keyFile('own.key'))
    await writeFile(join(folder, 'deploy/own.key'), OPENAI, { mode: 0o600 })
    await chmod(await manifest('deploy', keyLike('openai', 'manifest')), 0o600)
    expect((await scan('.', '--no-history')).findings).toMatchObject([{ file: `deploy/${MANIFEST}` }])
    await writeFile(join(folder, '.gitignore'), `${MANIFEST}\nown.key\n`)
    expect(await scan('.')).toMatchObject({ status: 0, findings: [] })
    git('add', '-f', 'deploy')
    const { findings } = await scan('.', '--no-history')
    expect(findings.map(one => one.file).sort()).toEqual([`deploy/${MANIFEST}`, 'deploy/own.key'])
  })

  it('runs nothing that the repository brings along', async () => {
    await commit('.gitattributes', '* diff=evil filter=evil\n')
    git('config', 'diff.evil.textconv', `touch ${join(folder, 'ran')}; cat`)
    git('config', 'filter.evil.smudge', `touch ${join(folder, 'ran')}; cat`)
    git('config', 'core.fsmonitor', `touch ${join(folder, 'ran')}`)
    await commit('k.txt', OPENAI)
    await rm(join(folder, 'ran'), { force: true })
    expect((await scan()).findings.length).toBeGreaterThan(0)
    await expect(readFile(join(folder, 'ran'))).rejects.toThrow('ENOENT')
  })
})
