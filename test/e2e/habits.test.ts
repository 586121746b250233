import { beforeEach, describe, expect, it } from 'vitest'
import { agw, start, tempFolder } from '../helpers/agw.ts'

let folder: string
beforeEach(async () => {
  folder = await tempFolder()
})

describe('what hands type by habit', () => {
  it.each([
    [['-h'], /COMMANDS/],
    [['help'], /COMMANDS/],
    [['keys', 'set', '-h'], /--from-env/],
    [['help', 'keys', 'set'], /--from-env/],
    [['version'], /^agw\/\d/],
    [['-v'], /^agw\/\d/],
  ])('is understood: agw %s', async (args, says) => {
    const run = await agw(args, { cwd: folder })
    expect(run).toMatchObject({ status: 0, stdout: expect.stringMatching(says) })
  })

  it('takes --json in front of the command', async () => {
    const { stdout, status } = await agw(['--json', 'keys', 'list'], { cwd: folder })
    expect(status).not.toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'CONFIG_NOT_FOUND' } })
  })

  it.each([
    [['keys', 'move', 'openai'], '--to is needed: one of env, file, keychain, encrypted, inline'],
    [['mock', '--fail-rate', '0.5'], '--fail-rate needs --fail-status too'],
    [['validate', '--online', '--no-secrets'], '--online and --no-secrets exclude each other'],
  ])('is told in our own words: agw %s', async (args, message) => {
    const { stdout, status } = await agw([...args, '--json'], { cwd: folder })
    expect(status).toBe(2)
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'USAGE', message, hint: 'see --help' } })
  })

  it.skipIf(process.platform === 'win32').each([
    ['SIGINT', 130],
    ['SIGTERM', 0],
  ] as const)('the mock ends as serve does: %s', async (signal, status) => {
    const mock = start(['mock', '--port', '0'], { cwd: folder })
    await mock.until('listens on')
    expect(await mock.stop(signal)).toBe(status)
  })

  it('says of a dry run what would be, not that it was', async () => {
    const run = await agw(['init', '--dry-run', '--provider', 'openai', '--method', 'env'], { cwd: folder })
    expect(run).toMatchObject({ status: 0, stdout: expect.stringMatching(/^would be created config\.yaml/) })
  })
})
