import { describe, expect, it } from 'vitest'
import { agw } from '../helpers/agw.ts'
import { folder, KEY, useFolder } from '../helpers/validate.ts'

useFolder()

describe('explain and schema', () => {
  it('explain says what a code means, and which was meant', async () => {
    const run = await agw(['explain', 'key-file-mode'], { cwd: folder })
    expect([run.status, run.stdout]).toEqual([
      0,
      expect.stringMatching(/^KEY_FILE_MODE warning\n[\s\S]*Bad\n[\s\S]*Good\n/),
    ])
    const wrong = await agw(['explain', 'KEY_FILE_MOD'], { cwd: folder })
    expect([wrong.status, wrong.stderr]).toEqual([2, expect.stringContaining('did you mean KEY_FILE_MODE?')])
    const key = await agw(['explain', KEY], { cwd: folder })
    expect([key.status, (key.stdout + key.stderr).includes(KEY)]).toEqual([2, false])
  })

  it('explain names the file that the example is about', async () => {
    const run = await agw(['explain', 'DOTENV_LINE'], { cwd: folder })
    expect(run.stdout).toContain('\n  .env:1:1 ')
    const { file } = JSON.parse((await agw(['explain', 'DOTENV_LINE', '--json'], { cwd: folder })).stdout)
    expect(file).toBe('.env')
  })

  it('explain knows what a scan finds', async () => {
    const run = await agw(['explain', 'LEAKED_KEY'], { cwd: folder })
    expect([run.status, run.stdout]).toEqual([
      0,
      expect.stringMatching(/^LEAKED_KEY error\n[\s\S]*the key in use stands here in clear text: /),
    ])
  })

  it('explain lists all codes without one', async () => {
    const listed = JSON.parse((await agw(['explain', '--json'], { cwd: folder })).stdout).codes
    expect(listed.length).toBeGreaterThan(40)
    const text = (await agw(['explain'], { cwd: folder })).stdout
    for (const { code } of listed) expect(text).toContain(`  ${code} `)
  })

  it('schema is JSON, with and without --json', async () => {
    const [plain, flagged] = [
      await agw(['schema'], { cwd: folder }),
      await agw(['schema', '--json'], { cwd: folder }),
    ]
    expect(JSON.parse(plain.stdout)).toEqual(JSON.parse(flagged.stdout))
    expect(JSON.parse(plain.stdout)).toMatchObject({ title: 'config.yaml of agentgateway', type: 'object' })
  })
})
