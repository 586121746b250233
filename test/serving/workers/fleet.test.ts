import cluster from 'node:cluster'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { AgwError } from '../../../src/errors.ts'
import { configPieces } from '../../../src/serving/config-pieces.ts'
import { Fleet } from '../../../src/serving/workers/fleet.ts'
import type { FleetOptions } from '../../../src/serving/workers/fleet-options.ts'
import { runtimeOf } from '../../gateway/kit/config.ts'
import { toModel } from '../../gateway/kit/configs.ts'
import { tempFolder } from '../../helpers/agw.ts'

const RUNTIME = runtimeOf(toModel('127.0.0.1:1'))
/** Nobody compiles it. */
const LARGE = { keys: Array.from({ length: 20_000 }, (_, id) => ({ id })) } as never
const PIECES = [...configPieces({ config: LARGE, hidden: [], files: [] })].length
const { signal: NEVER } = new AbortController()

/**
 * Starts processes that are no gateway but do what `program` says; `serving(version)` in it tells that all is well,
 * `take(version)` that too once all pieces have come, `note(text)` writes a line, one that `is` finds.
 */
async function fleetOf(program: string, more: Partial<FleetOptions> = {}) {
  const script = join(await tempFolder(), 'worker.mjs')
  const head = `import { appendFileSync, existsSync, writeFileSync } from 'node:fs'
    const serving = version => process.send({ kind: 'serving', version, addresses: [] })
    const taken = {}
    const take = version => {
      taken[version] = (taken[version] ?? 0) + 1
      if (taken[version] === ${PIECES}) serving(version)
      else process.send({ kind: 'more', version })
    }
    const note = text => appendFileSync(${JSON.stringify(`${script}.notes`)}, text + '\\n')
    const is = file => existsSync(${JSON.stringify(script)} + file)
    const when = (file, act) => {
      const waiting = setInterval(() => {
        if (!is(file)) return
        clearInterval(waiting)
        act()
      }, 10)
    }
    const isFirst = () => { try { writeFileSync(${JSON.stringify(`${script}.was`)}, '', { flag: 'wx' }); return true } catch { return false } }
    const beating = setInterval(() => process.send({ kind: 'alive' }), 5)
    process.send({ kind: 'ready' })\n`
  writeFileSync(script, head + program)
  const notes: string[] = []
  let tell = (_: AgwError): void => {}
  const gone = new Promise<AgwError>(resolve => {
    tell = resolve
  })
  writeFileSync(`${script}.notes`, '')
  const started = Fleet.start(RUNTIME, LARGE, 'off', {
    workers: 1,
    script,
    setup: { startedAt: 0, host: undefined, connectTo: [], standIn: undefined, log: undefined, counts: true },
    hidden: () => [],
    onRefused: () => {},
    onNews: ({ message }) => notes.push(message),
    onGone: error => tell(error),
    ...more,
  })
  const told = (): string[] => readFileSync(`${script}.notes`, 'utf8').split('\n').filter(Boolean)
  const create = (file: string) => writeFileSync(script + file, '')
  return { started, notes, gone, told, create }
}

const WHILE_ASKED =
  "process.on('message', ({ kind, version }) => { if (kind === 'config') serving(version); if (kind === 'close') process.exit(0) })"

describe('a fleet of workers', () => {
  it('waits for one that says nothing at its start as long as it should, and no longer', async () => {
    const { started, notes } = await fleetOf("process.on('message', () => {})", { startMs: 300 })
    await expect(started).rejects.toMatchObject({
      code: 'WORKER_FAILED',
      exitCode: 70,
      message: 'a worker has not answered for 0 s at its start, and agw has ended it',
      hint: expect.stringContaining('--workers 1'),
    })
    expect(notes).toEqual([])
    expect(Object.keys(cluster.workers ?? {})).toEqual([])
  })

  it('does not start when a worker dies before it serves', async () => {
    const { started } = await fleetOf('process.exit(3)')
    await expect(started).rejects.toMatchObject({ code: 'WORKER_FAILED' })
  })

  it('starts, and ends', async () => {
    const { started } = await fleetOf(WHILE_ASKED, { workers: 2 })
    const fleet = await started
    await fleet.close({ drainMs: 100 })
  })

  it.each([
    [
      'before they serve',
      'if (!isFirst()) process.exit(7)',
      0,
      /^a worker has ended after \d+ s, before it served: the 5th/,
    ],
    [
      'once they serve, however long they take to start',
      '',
      1100,
      /^a worker has died \(status 7\): the 5th/,
    ],
  ])(
    'gives up when workers die again and again %s, and none is left',
    { timeout: 60_000 },
    async (...row) => {
      const [, begin, startMs, how] = row
      const program = `process.on('message', ({ kind, version }) => {
      if (kind !== 'config') return
      ${begin}
      setTimeout(() => serving(version), ${startMs})
      setTimeout(() => process.exit(7), ${startMs + 50})
    })`
      const { started, notes, gone } = await fleetOf(program)
      const fleet = await started
      onTestFinished(() => fleet.close({ drainMs: 0 }))
      expect(await gone).toMatchObject({
        code: 'WORKER_FAILED',
        message: expect.stringMatching(how),
      })
      expect(notes).toHaveLength(4)
      await fleet.close({ drainMs: 0 })
    },
  )

  it('goes on with those that are left', { timeout: 60_000 }, async () => {
    // The first one stays, all others die.
    const program = `process.on('message', ({ kind, version }) => {
      if (kind === 'close') process.exit(0)
      if (kind !== 'config') return
      const stays = isFirst()
      serving(version)
      if (!stays) setTimeout(() => process.exit(7), 20)
    })`
    const { started, notes, gone } = await fleetOf(program, { workers: 2 })
    const fleet = await started
    onTestFinished(() => fleet.close({ drainMs: 0 }))
    await expect.poll(() => notes.length, { timeout: 50_000 }).toBeGreaterThan(6)
    expect(await Promise.race([gone, 'none'])).toBe('none')
  })

  it('tries again where the system cannot start one, and tells why', { timeout: 60_000 }, async () => {
    // Node tells of such a process by an error, and of no end.
    const nowhere = join(await tempFolder(), 'gone')
    const setCwd = (cwd: string): void => cluster.setupPrimary({ cwd })
    onTestFinished(() => setCwd(process.cwd()))
    setCwd(nowhere)
    await expect((await fleetOf(WHILE_ASKED)).started).rejects.toMatchObject({
      code: 'WORKER_FAILED',
      message: 'a worker cannot be started (ENOENT)',
    })
    setCwd(process.cwd())
    const { started, notes } = await fleetOf(WHILE_ASKED, { workers: 2 })
    const fleet = await started
    onTestFinished(() => fleet.close({ drainMs: 0 }))
    setCwd(nowhere)
    Object.values(cluster.workers ?? {})[0]?.process.kill('SIGKILL')
    await expect.poll(() => notes.at(-1)).toContain('a worker cannot be started (ENOENT)')
    setCwd(process.cwd())
    await expect.poll(() => Object.keys(cluster.workers ?? {}).length, { timeout: 20_000 }).toBe(2)
  })

  it('replaces one that hangs, and none that only has nothing to tell', { timeout: 60_000 }, async () => {
    const program = `const first = isFirst()
    process.on('message', ({ kind, version }) => {
      if (kind === 'close') process.exit(0)
      if (kind !== 'config') return
      take(version)
      if (first && taken[version] === ${PIECES}) when('.hang', () => { for (;;); })
    })`
    const { started, notes, create } = await fleetOf(program, { beatMs: 50 })
    const fleet = await started
    onTestFinished(() => fleet.close({ drainMs: 0 }))
    await sleep(2500)
    expect(notes).toEqual([])
    create('.hang')
    const ended = 'a worker has not answered for 2 s, and agw has ended it, another one takes its place'
    await expect.poll(() => notes, { timeout: 20_000 }).toEqual([ended])
    await expect.poll(() => fleet.isServing, { timeout: 20_000 }).toBe(true)
  })

  it('does not wait for one that has left, whose last words come late', { timeout: 30_000 }, async () => {
    const { started, notes } = await fleetOf(WHILE_ASKED, { beatMs: 30 })
    const fleet = await started
    onTestFinished(() => fleet.close({ drainMs: 0 }))
    const [first] = Object.values(cluster.workers ?? {})
    first?.process.kill('SIGKILL')
    const died = 'a worker has died (SIGKILL), another one takes its place'
    await expect.poll(() => notes, { timeout: 20_000 }).toEqual([died])
    const news = { message: 'lines are lost', hint: '', isTrouble: true, way: 'the access log' }
    first?.emit('message', { kind: 'news', news })
    first?.emit('message', { kind: 'serving', version: 1, addresses: [] })
    await expect.poll(() => fleet.isServing, { timeout: 20_000 }).toBe(true)
    await sleep(1500)
    expect(notes).toEqual([died])
    const [second] = Object.values(cluster.workers ?? {})
    second?.emit('message', { kind: 'news', news })
    expect(notes).toEqual([died, 'lines are lost'])
  })

  it('takes a config in all others when one dies in the middle of it, and sends that to its successor', async () => {
    const program = `process.on('message', ({ kind, version }) => {
      if (kind === 'close') process.exit(0)
      if (kind !== 'config') return
      if (taken[version] === undefined) note('begins ' + version)
      if (version === 2 && taken[2] === 2 && isFirst()) process.exit(7)
      take(version)
    })`
    const { started, notes, told } = await fleetOf(program, { workers: 2 })
    const fleet = await started
    onTestFinished(() => fleet.close({ drainMs: 0 }))
    await fleet.reload(RUNTIME, LARGE, NEVER)
    await expect.poll(() => told().length, { timeout: 20_000 }).toBe(5)
    expect(told()).toEqual(['begins 1', 'begins 1', 'begins 2', 'begins 2', 'begins 2'])
    expect(notes).toEqual(['a worker has died (status 7), another one takes its place'])
    await fleet.reload(RUNTIME, LARGE, NEVER)
    await expect.poll(() => told().slice(5), { timeout: 20_000 }).toEqual(['begins 3', 'begins 3'])
  })

  it('sends a newer config in the place of one that is still on its way', { timeout: 60_000 }, async () => {
    const program = `const first = isFirst()
    process.on('message', ({ kind, version }) => {
      if (kind === 'close') process.exit(0)
      if (kind !== 'config') return
      if (!first) note('piece of ' + version)
      if (first || version !== 1 || taken[1] !== 1) return take(version)
      when('.go', () => take(version))
    })
    if (first) when('.end', () => process.exit(7))`
    const { started, told, create } = await fleetOf(program)
    const fleet = await started
    onTestFinished(() => fleet.close({ drainMs: 0 }))
    create('.end')
    await expect.poll(told, { timeout: 20_000 }).toEqual(['piece of 1', 'piece of 1'])
    await fleet.reload(RUNTIME, LARGE, NEVER)
    create('.go')
    await expect.poll(() => fleet.isServing, { timeout: 20_000 }).toBe(true)
    expect(told().slice(2)).toEqual(Array.from({ length: PIECES }, () => 'piece of 2'))
  })

  it('replaces one once that dies while it takes in what came during its start', {
    timeout: 60_000,
  }, async () => {
    const program = `const first = isFirst()
    if (first) when('.end', () => process.exit(7))
    process.on('message', ({ kind, version }) => {
      if (kind === 'close') process.exit(0)
      if (kind !== 'config') return
      if (first) return take(version)
      if (taken[version] === undefined) note('begins ' + version)
      if (version === 2 && taken[1] === ${PIECES}) process.exit(7)
      if (version !== 1 || taken[1] !== ${PIECES - 1}) return take(version)
      note('all of 1')
      when('.go', () => take(version))
    })`
    const { started, told, create, notes } = await fleetOf(program)
    const fleet = await started
    onTestFinished(() => fleet.close({ drainMs: 0 }))
    create('.end')
    await expect.poll(told, { timeout: 20_000 }).toEqual(['begins 1', 'all of 1'])
    await fleet.reload(RUNTIME, LARGE, NEVER)
    create('.go')
    await expect.poll(told, { timeout: 20_000 }).toEqual(['begins 1', 'all of 1', 'begins 2', 'begins 2'])
    await expect.poll(() => fleet.isServing, { timeout: 20_000 }).toBe(true)
    expect(notes).toEqual(Array.from({ length: 2 }, () => expect.stringContaining('has died (status 7)')))
    expect(Object.keys(cluster.workers ?? {})).toHaveLength(1)
  })

  it('ends in the middle of a config, and sends no more of it', async () => {
    const program = `process.on('message', ({ kind, version }) => {
      note(kind + ' ' + version)
      if (kind === 'close') process.exit(0)
      if (kind === 'config' && !(version === 2 && taken[2] === 1)) take(version)
    })`
    const { started, told } = await fleetOf(program)
    const fleet = await started
    const closing = new AbortController()
    const reloading = expect(fleet.reload(RUNTIME, LARGE, closing.signal)).rejects.toThrow('aborted')
    await expect.poll(() => told().slice(1 + PIECES)).toEqual(['config 2', 'config 2'])
    closing.abort()
    await reloading
    await fleet.close({ drainMs: 100 })
    expect(told().slice(1 + PIECES)).toEqual(['config 2', 'config 2', 'close undefined'])
  })

  it('goes back to the config before when one of the workers cannot serve the new one', async () => {
    const program = `process.on('message', ({ kind, version }) => {
      if (kind === 'close') process.exit(0)
      if (kind !== 'config') return
      if (version !== 2 || taken[2] !== ${PIECES - 1} || !isFirst()) return take(version)
      process.send({ kind: 'failed', version, code: 'PORT_TAKEN', message: 'taken', hint: 'elsewhere' })
    })`
    const { started } = await fleetOf(program, { workers: 2 })
    const fleet = await started
    onTestFinished(() => fleet.close({ drainMs: 0 }))
    await expect(fleet.reload(RUNTIME, LARGE, NEVER)).rejects.toMatchObject({ code: 'PORT_TAKEN' })
    await fleet.reload(RUNTIME, LARGE, NEVER)
  })
})
