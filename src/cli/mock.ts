import { Flags } from '@oclif/core'
import { AgwError } from '../errors.ts'
import type { SeenRequest } from '../mock/index.ts'

/** A share of all, from 0 to 1. */
export const shareFlag = Flags.custom<number>({
  parse: async text => {
    const number = Number(text)
    if (text.trim() !== '' && number >= 0 && number <= 1) return number
    throw new AgwError('USAGE', '--fail-rate is not a share', {
      hint: 'give a number from 0 to 1, as in --fail-rate 0.5',
    })
  },
})

/** A request that the mock took, as a line. */
export function seenText({ shape, method, path, model, stream, keyFingerprint }: SeenRequest): string {
  const where = `${shape.padEnd(9)} ${method} ${path.split('?')[0]}`
  return `${where}  ${model ?? '–'}${stream ? ' stream' : ''}  key ${keyFingerprint ?? 'none'}`
}
