import { readdir } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { agw, start, tempFolder } from '../helpers/agw.ts'

describe('agw demo', () => {
  it('tells the whole story and leaves nothing behind', async () => {
    const folder = await tempFolder()
    const run = await agw(['demo', '--json'], {
      cwd: folder,
      env: { TMPDIR: folder, TMP: folder, TEMP: folder },
    })
    expect(run.status, run.stderr).toBe(0)
    const steps = Object.fromEntries(
      JSON.parse(run.stdout).steps.map((step: { step: string }) => [step.step, step]),
    )
    expect(Object.keys(steps)).toEqual(['config', 'running', 'answered', 'rotated', 'checked', 'cleaned'])
    expect(steps.answered).toMatchObject({ status: 200 })
    expect(steps.answered.seenKey).toBe(steps.rotated.from)
    expect(steps.rotated.failed).toBe(0)
    expect(steps.rotated.requests).toBeGreaterThan(80)
    expect(steps.rotated.to).not.toBe(steps.rotated.from)
    expect(steps.checked.diagnostics[0]).toMatchObject({ code: 'UNKNOWN_KEY', severity: 'error' })
    expect(await readdir(folder)).toEqual([])
  })

  it('says the same to a person', async () => {
    const folder = await tempFolder()
    const run = await agw(['demo'], { cwd: folder })
    expect(run.stdout).toMatch(/\d+ requests, 0 failed/)
    expect(run.stdout).toMatch(/sk-proj-…\w{4} sha256:[0-9a-f]{8}/)
    expect(run.stdout).toMatch(/did you mean "policies"/)
    expect(run.stdout).toMatch(/agw init/)
    expect(run.stderr).toBe('')
  })

  it.skipIf(process.platform === 'win32')('cleans up when it is interrupted', async () => {
    const folder = await tempFolder()
    const demo = start(['demo'], { cwd: folder, env: { TMPDIR: folder } })
    await demo.until('gateway')
    expect(await demo.stop('SIGINT')).toBe(130)
    expect(await readdir(folder)).toEqual([])
  })
})
