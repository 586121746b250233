import { keySlots } from '../config/index.ts'
import { AgwError } from '../errors.ts'
import type { LoadedConfig } from '../load.ts'
import { requireChangeable } from '../require-config.ts'
import { suggested } from '../suggested.ts'
import type { Prompt } from './prompt.ts'

/** The slot of a key to change that is meant where none was named: the only one, or what a person chooses. Throws UNKNOWN_SLOT and USAGE. */
export async function whichSlot(loaded: LoadedConfig, prompt: Prompt): Promise<string> {
  const slots = keySlots(requireChangeable(loaded), loaded.document)
  const names = [...new Set(slots.map(slot => slot.name))]
  const [first] = names
  if (first === undefined) {
    throw new AgwError('UNKNOWN_SLOT', 'the config has no key slot', {
      hint: `${suggested('init', '--add')} adds a provider with one`,
    })
  }
  if (names.length === 1) return first
  if (prompt.allowed) {
    return prompt.select(
      'NAME',
      'Which key?',
      names.map(name => ({ value: name, name })),
    )
  }
  throw new AgwError('USAGE', 'missing argument: NAME', { hint: `it is one of: ${names.join(', ')}` })
}
