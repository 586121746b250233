import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { workerCount } from '../../../src/serving/workers/count.ts'
import { processorsHere } from '../../../src/serving/workers/processors.ts'
import { tempFolder } from '../../helpers/agw.ts'

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

describe('the processors that a container may use', () => {
  it.each<[string, Record<string, string>, number]>([
    ['no limit', { 'cpu.max': 'max 100000\n' }, 8],
    ['two of them', { 'cpu.max': '200000 100000\n' }, 2],
    ['one and a half, rounded up', { 'cpu.max': '150000 100000\n' }, 2],
    ['a part of one', { 'cpu.max': '20000 100000\n' }, 1],
    ['more than there are', { 'cpu.max': '9900000 100000\n' }, 8],
    ['no control groups', {}, 8],
    [
      'two of them, in version 1',
      { 'cpu/cpu.cfs_quota_us': '200000\n', 'cpu/cpu.cfs_period_us': '100000\n' },
      2,
    ],
    ['no limit in version 1', { 'cpu/cpu.cfs_quota_us': '-1\n', 'cpu/cpu.cfs_period_us': '100000\n' }, 8],
    ['what nobody understands', { 'cpu.max': '0 0' }, 8],
  ])('%s', async (_, files, expected) => {
    const root = await tempFolder()
    mkdirSync(join(root, 'cpu'))
    for (const [name, text] of Object.entries(files)) writeFileSync(join(root, name), text)
    expect(processorsHere(root, 8)).toBe(expected)
  })
})
