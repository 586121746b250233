import { Config } from '@oclif/core'
import { describe, expect, it, vi } from 'vitest'
import FittingHelp from '../../src/cli/help.ts'
import { ROOT } from '../helpers/agw.ts'

/** As in `$ agw init` and `key=$(agw …)`: a command that is broken in two cannot be copied. */
const EXAMPLE = /^ {2}\S*\$/

async function linesOf(page: string, maxWidth: number): Promise<string[]> {
  const lines: string[] = []
  const log = vi.spyOn(console, 'log').mockImplementation((text: unknown = '') => {
    lines.push(...String(text).split('\n'))
  })
  try {
    await new FittingHelp(await Config.load(ROOT), { maxWidth, stripAnsi: true }).showHelp(
      page === '' ? [] : page.split(' '),
    )
  } finally {
    log.mockRestore()
  }
  return lines
}

describe.each([50, 80])('help in %i columns', columns => {
  it.each(['', 'keys', 'init', 'mock', 'clients add', 'keys rotate'])('fits: agw %s', async page => {
    const lines = await linesOf(page, columns)
    expect(lines.length).toBeGreaterThan(10)
    expect(lines.filter(line => line.length > columns && !EXAMPLE.test(line))).toEqual([])
  })
})
