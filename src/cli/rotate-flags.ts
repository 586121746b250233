import { Flags } from '@oclif/core'
import { connectToFlag, writeFlags } from './flags.ts'
import { newKeyFlags } from './key-args.ts'

/** The flags of `agw keys rotate`. */
export const rotateFlags = {
  ...newKeyFlags('the new key'),
  undo: Flags.boolean({ summary: 'Put the old key back.', exclusive: ['finish'], env: 'AGW_ROTATE_UNDO' }),
  finish: Flags.boolean({ summary: 'Forget the old key now.', env: 'AGW_ROTATE_FINISH' }),
  check: Flags.boolean({
    summary: 'Ask the provider whether the new key works, as it does unless --no-check.',
    default: true,
    allowNo: true,
    env: 'AGW_ROTATE_CHECK',
  }),
  wait: Flags.integer({
    summary: 'How long running gateways have to take up the key.',
    helpValue: 'SECONDS',
    min: 0,
    default: 30,
    env: 'AGW_ROTATE_WAIT',
  }),
  keep: Flags.integer({
    summary: 'How long the old key is kept for --undo.',
    helpValue: 'HOURS',
    min: 0,
    default: 24,
    env: 'AGW_ROTATE_KEEP',
  }),
  yes: writeFlags.yes,
  'connect-to': connectToFlag({
    summary: "For the check, connect elsewhere, as curl's --connect-to; repeatable.",
  }),
}
