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
    const told: { step: string }[] = JSON.parse(run.stdout).steps
    const step = (name: string): Record<string, unknown> => ({ ...told.find(one => one.step === name) })
    expect(told.map(one => one.step)).toEqual([
      'config',
      'running',
      'answered',
      'rotated',
      'checked',
      'cleaned',
    ])
    const { from, to, requests, failed } = step('rotated')
    expect(step('answered')).toMatchObject({ status: 200, seenKey: from })
    expect(failed).toBe(0)
    expect(requests).toBeGreaterThan(80)
    expect(to).not.toBe(from)
    expect(step('checked')['diagnostics']).toContainEqual(
      expect.objectContaining({ code: 'UNKNOWN_KEY', severity: 'error' }),
    )
    expect(await readdir(folder)).toEqual([])
  })

  it('says the same to a person', async () => {
    const folder = await tempFolder()
    const run = await agw(['demo'], { cwd: folder })
    expect(run.stdout).toMatch(/\d+ requests, 0 failed/)
    expect(run.stdout).toMatch(/sk-proj-…[\w-]{4} sha256:[0-9a-f]{8}/)
    expect(run.stdout).toMatch(/did you mean "provider"/)
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
