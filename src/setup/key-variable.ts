import type { KeySlot } from '../config/index.ts'
import { ONBOARDING, type Onboarding, onboardingOf } from '../providers/index.ts'

/**
 * The variable that a slot gets when it has none, as `agw init` would call it: `OPENAI_API_KEY` for OpenAI, `LLM_API_KEY` for
 * another host with its API, `MINE_API_KEY` for a slot that the config calls `mine`. Never that of another provider, whose key
 * may be in the environment already and would be sent to this one.
 */
export function keyVariable(slot: KeySlot): string {
  const usual = usualRow(slot)
  const called = slot.name.replace(/@.*$/, '')
  if (called === slot.provider.toLowerCase() || called === slot.host) return usual.variable
  const own = `${called
    .toUpperCase()
    .replace(/[^A-Z0-9]+/g, '_')
    .replace(/^_+|_+$/g, '')
    .replace(/^(?=\d|$)/, 'KEY_')}_API_KEY`
  return ONBOARDING.some(row => row !== usual && row.variable === own) ? usual.variable : own
}

/** Whose key it is: that of a host with a name of its own, else of the provider. */
function usualRow({ provider, isOwnHost, host }: KeySlot): Onboarding {
  const word = provider.toLowerCase()
  const at = (url = ''): string => (URL.canParse(url) ? new URL(url).hostname : '')
  const found =
    host === undefined
      ? ONBOARDING.find(({ words }) => words.llm.toLowerCase() === word)
      : ONBOARDING.find(({ endpoint }) => at(endpoint?.url) === host)
  const other = onboardingOf('openai-compatible') as Onboarding
  return found === undefined || found.variable === '' || (host === undefined && isOwnHost) ? other : found
}
