import { beforeEach, describe, expect, it } from 'vitest'
import { agw, tempFolder } from '../helpers/agw.ts'

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
})
