import { AgwError } from '../errors.ts'
import { closest } from './did-you-mean.ts'
import { looksSecret } from './shown-word.ts'
import type { KeySlot } from './slots.ts'

/**
 * The slot a user means: by its name, else by its variable, else by its model or its provider where only one slot has it. Throws
 * UNKNOWN_SLOT, which lists the names there are.
 */
export function findSlot(slots: readonly KeySlot[], wanted: string): KeySlot {
  const named = slots.find(slot => slot.name === wanted)
  if (named !== undefined) return named
  const byVariable = slots.filter(slot => slot.variable === wanted)
  if (byVariable[0] !== undefined) return byVariable[0]
  const byModel = slots.filter(slot => slot.model === wanted)
  if (byModel.length === 1 && byModel[0] !== undefined) return byModel[0]
  const byProvider = slots.filter(slot => slot.provider.toLowerCase() === wanted.toLowerCase())
  if (byProvider.length === 1 && byProvider[0] !== undefined) return byProvider[0]
  const names = slots.map(slot => slot.name)
  const meant = wanted.length <= 32 ? closest(wanted, names) : undefined
  const shown = looksSecret(wanted, names) ? 'that' : JSON.stringify(wanted)
  throw new AgwError('UNKNOWN_SLOT', `no key slot is called ${shown}`, {
    hint:
      names.length === 0
        ? 'the config has no AI backend'
        : meant === undefined
          ? `the slots are: ${names.join(', ')}`
          : `did you mean ${JSON.stringify(meant)}?`,
  })
}
