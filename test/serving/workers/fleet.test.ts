import cluster from 'node:cluster'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { AgwError } from '../../../src/errors.ts'
import { Fleet, type FleetOptions } from '../../../src/serving/workers/fleet.ts'
import { runtimeOf } from '../../gateway/kit/config.ts'
import { toModel } from '../../gateway/kit/configs.ts'
import { tempFolder } from '../../helpers/agw.ts'

const CONFIG = toModel('127.0.0.1:1')

/** Starts two processes that are no gateway but do what `program` says; `serving(version)` in it tells that all is well. */
async function fleetOf(program: string, more: Partial<FleetOptions> = {}) {
  const script = join(await tempFolder(), 'worker.mjs')
  const head = `import { existsSync, writeFileSync } from 'node:fs'
    const serving = version => process.send({ kind: 'serving', version, addresses: [] })
    const isFirst = () => { const was = existsSync(${JSON.stringify(`${script}.was`)}); writeFileSync(${JSON.stringify(`${script}.was`)}, ''); return !was }
    process.send({ kind: 'ready' })\n`
  writeFileSync(script, head + program)
  const notes: string[] = []
  let tell = (_: AgwError): void => {}
  const gone = new Promise<AgwError>(resolve => {
    tell = resolve
  })
  const started = Fleet.start(runtimeOf(CONFIG), {} as never, 'off', {
    workers: 1,
    script,
    setup: { startedAt: 0, host: undefined, connectTo: [], standIn: undefined, log: undefined },
    hidden: () => [],
    onRefused: () => {},
    onNote: note => notes.push(note),
    onGone: error => tell(error),
    ...more,
  })
  return { started, notes, gone }
}

const WHILE_ASKED =
  "process.on('message', ({ kind, sent }) => { if (kind === 'start') serving(sent.version); if (kind === 'close') process.exit(0) })"

describe('a fleet of workers', () => {
  it('waits for one that says nothing at its start as long as it should, and no longer', async () => {
    const { started } = await fleetOf("process.on('message', () => {})", { startMs: 300 })
    await expect(started).rejects.toMatchObject({
      code: 'WORKER_FAILED',
      exitCode: 70,
      message: expect.stringMatching(/^a worker has ended after \d+ s, before it served$/),
      hint: expect.stringContaining('--workers 1'),
    })
    expect(Object.keys(cluster.workers ?? {})).toEqual([])
  })

  it('does not start when a worker dies before it serves', async () => {
    const { started } = await fleetOf('process.exit(3)')
    await expect(started).rejects.toMatchObject({ code: 'WORKER_FAILED' })
  })

  it('starts, and ends', async () => {
    const { started } = await fleetOf(WHILE_ASKED, { workers: 2 })
    const fleet = await started
    await fleet.close()
  })

  it('gives up when workers die again and again, and none is left', { timeout: 60_000 }, async () => {
    const program = `process.on('message', ({ kind, sent }) => {
      if (kind !== 'start') return
      if (!isFirst()) process.exit(7)
      serving(sent.version)
      setTimeout(() => process.exit(7), 50)
    })`
    const { started, notes, gone } = await fleetOf(program)
    const fleet = await started
    onTestFinished(() => fleet.close({ drainMs: 0 }))
    expect(await gone).toMatchObject({
      code: 'WORKER_FAILED',
      message: '5 workers in a row have died (it did not start), and none is left',
    })
    expect(notes).toHaveLength(4)
    await fleet.close({ drainMs: 0 })
  })

  it('goes on with those that are left', { timeout: 60_000 }, async () => {
    // The first one stays, all others die.
    const program = `process.on('message', ({ kind, sent }) => {
      if (kind === 'close') process.exit(0)
      if (kind !== 'start') return
      const stays = isFirst()
      serving(sent.version)
      if (!stays) setTimeout(() => process.exit(7), 20)
    })`
    const { started, notes, gone } = await fleetOf(program, { workers: 2 })
    const fleet = await started
    onTestFinished(() => fleet.close({ drainMs: 0 }))
    await expect.poll(() => notes.length, { timeout: 50_000 }).toBeGreaterThan(6)
    expect(await Promise.race([gone, 'none'])).toBe('none')
  })
})
