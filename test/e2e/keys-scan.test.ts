import { mkdir, open, readFile, rm, symlink } from 'node:fs/promises'
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { agw } from '../helpers/agw.ts'
import { GUIDE } from '../helpers/guide.ts'
import { keyLike } from '../helpers/keys.ts'
import { LONG, OPENAI, OWN, ScanScene, utf16 } from '../helpers/scan-scene.ts'

const scene = new ScanScene()

describe('agw keys scan', () => {
  it('finds nothing where all is as it should be', async () => {
    expect(await scene.scan()).toMatchObject({ status: 0, findings: [] })
  })

  it('annotates the lines of a pull request', async () => {
    await scene.put('notes.txt', `a\n${OPENAI}\n`)
    const run = await agw(['keys', 'scan', '--format', 'github'], { cwd: scene.folder })
    expect(run.status).toBe(1)
    expect(run.stdout).toMatch(
      /^::error file=notes\.txt,line=2,endLine=2,col=1,endColumn=\d+,title=KEY_IN_TEXT%3A /,
    )
    expect(run.stdout).toMatch(/\nagw keys scan: 1 error\n$/)
    expect(run.stdout).not.toContain(OPENAI)
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
    await scene.put(name, Buffer.from(text, 'latin1'))
    const { status, findings } = await scene.scan()
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
    await scene.put('export.txt', bytes)
    expect(await scene.scan()).toMatchObject({
      status: 1,
      complete: true,
      findings: [{ file: 'export.txt', ...at }],
    })
  })

  it('says that it has not looked into what is compressed', async () => {
    await scene.put('dump.gz', gzipSync(OPENAI))
    const { status, findings, gaps, complete } = await scene.scan()
    expect({ status, findings, complete }).toEqual({ status: 0, findings: [], complete: false })
    expect(gaps).toEqual(['dump.gz is compressed: what is in it was not looked at'])
  })

  it('does not pass when a file that was named cannot be looked into', async () => {
    const file = await open(scene.path('huge.bin'), 'w')
    await file.truncate(3 * 1024 ** 3)
    await file.close()
    expect(await scene.scan('huge.bin')).toMatchObject({ status: 1, complete: false, findings: [] })
    expect(await scene.scan()).toMatchObject({ status: 0, complete: false, findings: [] })
  })

  it('looks into the folders of a path that is named, and follows no link', async () => {
    await mkdir(scene.path('a/b'), { recursive: true })
    await mkdir(scene.path('node_modules'))
    await scene.put('a/b/c.js', OPENAI)
    await scene.put('node_modules/c.js', OPENAI)
    await symlink(scene.path('a'), scene.path('loop'))
    expect((await scene.scan()).findings).toEqual([])
    expect((await scene.scan('.')).findings).toMatchObject([{ file: 'a/b/c.js' }])
    expect((await scene.scan('a/b/c.js')).findings).toMatchObject([{ file: 'a/b/c.js' }])
  })

  it('needs no config, and no key that resolves', async () => {
    await rm(scene.path('.env'))
    await scene.put('x', OPENAI)
    expect((await scene.scan()).findings).toMatchObject([{ file: 'x' }])
    await rm(scene.path('config.yaml'))
    expect((await scene.scan()).findings).toMatchObject([{ file: 'x' }])
  })

  it('looks into what a shell remembers when it is asked to', async () => {
    const home = scene.path('home')
    await mkdir(home)
    await scene.put('home/.bash_history', `ls\nexport OPENAI_API_KEY=${OPENAI}\n`)
    const run = (more: string[]) =>
      agw(['keys', 'scan', '--json', ...more], { cwd: scene.folder, env: { HOME: home } })
    expect((await run([])).status).toBe(0)
    const found = await run(['--shell-history'])
    expect(found.status).toBe(1)
    expect(JSON.parse(found.stdout).findings).toMatchObject([{ file: 'home/.bash_history', line: 2 }])
  })

  it('leaves out what a comment allows and what the baseline knows, and finds what is new', async () => {
    await scene.put('a.md', `${OPENAI} <!-- agw:allow -->\n`)
    expect((await scene.scan()).findings).toEqual([])
    await scene.put('a.md', `${OPENAI}\n`)
    expect((await scene.scan('--write-baseline', 'known.json')).status).toBe(0)
    const written = await agw(['keys', 'scan', '--write-baseline', 'known.json'], { cwd: scene.folder })
    expect(written.stdout).toMatch(/\n✓ 1 key in clear text, known from now on \(\d+ files?\)\n$/)
    expect(await readFile(scene.path('known.json'), 'utf8')).not.toContain(OPENAI.slice(10, 40))
    await scene.put('a.md', `moved\n\n${OPENAI}\n`)
    expect((await scene.scan('--baseline', 'known.json')).status).toBe(0)
    await scene.put('a.md', `${keyLike('openai', 'another')}\n`)
    expect(await scene.scan('--baseline', 'known.json')).toMatchObject({
      status: 1,
      findings: [{ file: 'a.md' }],
    })
    await scene.put('bad.json', OPENAI)
    expect(await scene.scan('--baseline', 'bad.json')).toMatchObject({ status: 2 })
  })

  it('goes on when .env is not UTF-8, of which validate has a finding', async () => {
    await scene.put('.env', utf16(`OPENAI_API_KEY=${OWN}\n`))
    await scene.put('x.txt', OPENAI)
    expect(await scene.scan()).toMatchObject({ status: 1, findings: [{ file: 'x.txt' }] })
    const validate = await agw(['validate', '--json'], { cwd: scene.folder })
    expect(validate.status).toBe(1)
    expect(JSON.parse(validate.stdout).files[0]).toMatchObject({
      file: '.env',
      diagnostics: [
        { code: 'DOTENV_UNREADABLE', line: 1, column: 1, hint: expect.stringContaining('save it as UTF-8') },
      ],
    })
    const shape = await agw(['validate', '--no-secrets', '--json'], { cwd: scene.folder })
    expect(shape.status).toBe(0)
    expect(shape.stdout).not.toContain('.env')
  })

  it('says where it has not looked, unless it was told where to look', async () => {
    const scan = async (...args: string[]) =>
      (await agw(['keys', 'scan', ...args], { cwd: scene.folder })).stdout
    expect(await scan()).toMatch(
      /✓ no key in clear text .*\n {2}no folder below: `agw keys scan \.` looks there, too\n$/,
    )
    expect(await scan('.')).toMatch(/✓ no key in clear text \(.*\)\n$/)
  })

  it('has a variable of its own for the format: that of validate knows others', async () => {
    const run = (env: Record<string, string>) => agw(['keys', 'scan'], { cwd: scene.folder, env })
    expect(await run({ AGW_FORMAT: 'junit' })).toMatchObject({ status: 0, stderr: '' })
    expect(JSON.parse((await run({ AGW_SCAN_FORMAT: 'json' })).stdout)).toMatchObject({ complete: true })
    expect(JSON.parse((await run({ AGW_SCAN_FORMAT: 'sarif' })).stdout)).toMatchObject({ version: '2.1.0' })
  })

  it('gives SARIF with a rule, a place and a fingerprint for each', async () => {
    await scene.put('x.txt', `${OPENAI}\n`)
    const run = await agw(['keys', 'scan', '--format', 'sarif'], { cwd: scene.folder })
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
