import { chmod, mkdir, readFile, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { GUIDE } from '../helpers/guide.ts'
import { BAD, DOUBTFUL, ENV, folder, GOOD, KEY, put, useFolder, validate } from '../helpers/validate.ts'

useFolder()

describe('--fix', () => {
  it('mends what shows only when the file can be read', async () => {
    const text = `${DOUBTFUL.replace('"$OPENAI_API_KEY"', '$OPENAI_API_KEY')}`
    await put({ 'config.yaml': text })
    const run = await validate(['--fix', '--yes', '--engine', 'agentgateway'], { OPENAI_API_KEY: 'a: b: #c' })
    const mended = await readFile(join(folder, 'config.yaml'), 'utf8')
    expect(mended).toMatch(/apiKey: "\$OPENAI_API_KEY"[\s\S]*keyHash: "sha256:/)
    expect(run.stdout).not.toMatch(/YAML_SYNTAX|PLAIN_VIRTUAL_KEY/)
  })

  const broken = `# costs $NOPE a month\r\n${DOUBTFUL.replaceAll('\n', '\r\n')}`
  const mended = /^# costs \$\$NOPE a month\r\n[\s\S]*- keyHash: "sha256:[0-9a-f]{64}"\r\n$/

  it('shows the diff, writes it, and says unchanged the second time', async () => {
    await put({ 'config.yaml': `\ufeff${broken}` })
    const first = await validate(['--fix', '--yes', '--engine', 'agentgateway'], ENV)
    expect(first.stderr).toMatch(/- \ufeff# costs \$NOPE a month\n\s+\+ \ufeff# costs \$\$NOPE a month/)
    expect(first.stderr).toMatch(/\nmended config\.yaml\n$/)
    expect(first.stdout + first.stderr).not.toContain('a-client-key')
    expect([first.status, first.stdout]).toEqual([0, '✓ config.yaml: no findings\n'])
    const after = await readFile(join(folder, 'config.yaml'), 'utf8')
    expect(after.slice(1)).toMatch(mended)
    expect(after.startsWith('\ufeff')).toBe(true)
    const second = await validate(['--fix', '--yes', '--engine', 'agentgateway'], ENV)
    expect(second.stderr).toMatch(/unchanged/)
    expect(await readFile(join(folder, 'config.yaml'), 'utf8')).toBe(after)
  })

  it('writes nothing with --dry-run, and exits 1 while there are errors', async () => {
    await put({ 'config.yaml': broken })
    const run = await validate(['--fix', '--dry-run'], ENV)
    expect([run.status, await readFile(join(folder, 'config.yaml'), 'utf8')]).toEqual([1, broken])
    expect(run.stderr).toMatch(/\+ # costs \$\$NOPE[\s\S]*dry run/)
    expect(run.stderr).not.toContain('mended')
  })

  it('shows in a dry run, once, all that it would write', async () => {
    const text = DOUBTFUL.replace('"$OPENAI_API_KEY"', '$OPENAI_API_KEY')
    await put({ 'config.yaml': text })
    const env = { OPENAI_API_KEY: 'abcdefghijklmnopqrst: #x' }
    const dry = await validate(['--fix', '--dry-run', '--engine', 'agentgateway'], env)
    expect(await readFile(join(folder, 'config.yaml'), 'utf8')).toBe(text)
    const diff = (run: typeof dry) => run.stderr.split('\n').filter(line => /^\s*\+ /.test(line))
    expect(diff(dry)).toHaveLength(2)
    expect(dry.stderr).toMatch(/\+ .*"\$OPENAI_API_KEY"[\s\S]*\+ .*keyHash:/)
    expect(dry.stderr.match(/dry run/g)).toHaveLength(1)
    expect(diff(await validate(['--fix', '--yes', '--engine', 'agentgateway'], env))).toEqual(diff(dry))
  })

  it('tells in JSON what it did', async () => {
    await put({ 'config.yaml': broken, 'b.yaml': GOOD })
    const run = await validate(['*.yaml', '--fix', '--yes', '--json'], ENV)
    expect(JSON.parse(run.stdout)).toMatchObject({
      files: [{ file: 'b.yaml' }, { file: 'config.yaml', valid: true }],
      fixed: [{ file: 'config.yaml', action: 'updated' }],
    })
  })

  it.skipIf(process.platform === 'win32')('closes key files to others, and leaves mounts alone', async () => {
    await put({ 'config.yaml': GUIDE.file, 'key.txt': KEY })
    await chmod(join(folder, 'key.txt'), 0o644)
    const dry = await validate(['--fix', '--dry-run'])
    expect([dry.status, (await stat(join(folder, 'key.txt'))).mode & 0o777]).toEqual([0, 0o644])
    const run = await validate(['--fix', '--yes'])
    expect(run.stderr).toMatch(/chmod 0600 key\.txt/)
    expect((await stat(join(folder, 'key.txt'))).mode & 0o777).toBe(0o600)
    expect(run.stdout).not.toContain('KEY_FILE_MODE')
    expect((await validate(['--fix', '--yes'])).stderr).toMatch(/unchanged/)

    const mount = join(folder, '..data')
    await mkdir(mount)
    await writeFile(join(mount, 'key'), KEY, { mode: 0o644 })
    await symlink(join(mount, 'key'), join(folder, 'mounted.txt'))
    await put({ 'config.yaml': GUIDE.file.replace('key.txt', 'mounted.txt') })
    await validate(['--fix', '--yes'])
    expect((await stat(join(mount, 'key'))).mode & 0o777).toBe(0o644)
  })

  it('has nothing to do with what is not certain', async () => {
    await put({ 'config.yaml': BAD })
    const run = await validate(['--fix', '--yes'])
    expect([run.status, run.stderr, await readFile(join(folder, 'config.yaml'), 'utf8')]).toEqual([
      1,
      expect.stringMatching(/nothing to fix: unchanged/),
      BAD,
    ])
  })
})
