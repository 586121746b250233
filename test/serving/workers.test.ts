import cluster from 'node:cluster'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { compileRuntime } from '../../src/gateway/compile/compile.ts'
import { Secret } from '../../src/secrets/index.ts'
import { workerCount } from '../../src/serving/workers/count.ts'
import { Fleet } from '../../src/serving/workers/fleet.ts'
import { decodeConfig, encodeConfig } from '../../src/serving/workers/wire.ts'

describe('the number of workers', () => {
  it.each<[string | undefined, string | number | undefined, number]>([
    [undefined, undefined, 1],
    ['3', undefined, 3],
    ['auto', undefined, 8],
    [undefined, 4, 4],
    [undefined, '4', 4],
    [undefined, '50%', 4],
    [undefined, '1%', 1],
    ['2', '50%', 2],
  ])('--workers %s, workerThreads %s: %i', (flag, written, expected) => {
    expect(workerCount(flag, written, 8)).toBe(expected)
  })

  it.each([
    ['x', undefined, 'USAGE'],
    ['-1', undefined, 'USAGE'],
    [undefined, 'all', 'CONFIG_INVALID'],
    [undefined, '0', 'CONFIG_INVALID'],
  ])('--workers %s, workerThreads %s: %s', (flag, written, code) => {
    expect(() => workerCount(flag, written, 8)).toThrow(expect.objectContaining({ code }))
  })
})

describe('a config on its way to a worker', () => {
  it('comes out as it went in, its secrets known before it is used', () => {
    const config = {
      a: [{ key: new Secret('sk-value', '$KEY') }],
      b: null,
      c: { d: 1, e: undefined, f: 'x' },
    }
    const known: Secret[] = []
    const back = decodeConfig(structuredClone(encodeConfig(config)), secret => known.push(secret)) as unknown
    expect(back).toEqual(config)
    const [{ key }] = (back as { a: [{ key: Secret }] }).a
    expect(key.reveal()).toBe('sk-value')
    expect(key.reference).toBe('$KEY')
    expect(known).toEqual([key])
  })
})

it('a worker that says nothing when it is started is ended, and so is the start', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'agw-worker-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const script = join(folder, 'hangs.cjs')
  writeFileSync(script, "process.on('disconnect', () => {}); setInterval(() => {}, 1000)")
  const config = { binds: [] }
  const started = Fleet.start(compileRuntime(config), config as never, 'info', {
    workers: 2,
    script,
    setup: {} as never,
    hidden: () => [],
    onRefused: () => {},
    onNote: () => {},
    startMs: 300,
  })
  await expect(started).rejects.toThrow(/before it served/)
  expect(Object.keys(cluster.workers ?? {})).toEqual([])
})
