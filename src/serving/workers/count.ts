import { AgwError } from '../../errors.ts'
import { processorsHere } from './processors.ts'

/** Enough for any machine, and a guard against a slip of the finger. */
const MOST = 256

/**
 * How many processes serve: what `--workers` says (a number or `auto`), else the config's `workerThreads` (a number, or a
 * share as in `50%`), else one. Throws USAGE and CONFIG_INVALID.
 */
export function workerCount(
  flag: string | undefined,
  written: string | number | null | undefined,
  processors: number = processorsHere(),
): number {
  if (flag === 'auto') return processors
  if (flag !== undefined) {
    const count = wholeNumber(flag)
    if (count !== undefined) return count
    throw new AgwError('USAGE', `--workers is neither a number from 1 to ${MOST} nor auto`, {
      hint: 'write --workers 2, or --workers auto for one per processor',
    })
  }
  if (written === undefined || written === null) return 1
  const share = /^(\d{1,3})%$/.exec(String(written))
  const count = share
    ? Math.max(1, Math.floor((processors * Number(share[1])) / 100))
    : wholeNumber(String(written))
  if (count !== undefined) return count
  throw new AgwError(
    'CONFIG_INVALID',
    'config.workerThreads is neither a number of workers nor a share of the processors',
    {
      hint: 'write 2, or 50%',
    },
  )
}

function wholeNumber(text: string): number | undefined {
  const number = /^\d{1,3}$/.test(text) ? Number(text) : 0
  return number >= 1 && number <= MOST ? number : undefined
}
