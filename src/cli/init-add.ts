import { isModelPattern, MODEL_PATTERN } from '../config/schema/llm.ts'
import type { LoadedConfig } from '../load.ts'
import { type Addition, freeModels, takenModels } from '../setup/add-provider.ts'
import type { Prompt } from './prompt.ts'
import type { WantedKey, WizardContext } from './wizard.ts'

/**
 * The questions of a wizard that adds to a config: no key is asked for where the config has one by that variable, and a
 * model is where no other entry may be for the provider's.
 */
export function addingContext(
  context: WizardContext,
  { document, variables }: LoadedConfig,
  { to }: Addition,
  given: { readonly env?: readonly string[] | undefined; readonly isGiven: boolean },
): WizardContext {
  const taken = new Map<string, unknown>(takenModels(document))
  return {
    ...context,
    // It writes the manifests of a whole config.
    without: ['kubernetes'],
    takeKey: async wanted => {
      const variable = given.env?.[wanted.index] ?? wanted.provider.variable
      const hasKey = wanted.method !== 'file' && variables.lookup(variable) !== undefined
      return hasKey && !given.isGiven ? undefined : await context.takeKey(wanted)
    },
    modelFor: async (wanted, model) => {
      if (to !== 'llm') return model
      const free = freeModels({ ...wanted, model }, taken)
      const named = free === undefined ? await askModel(wanted, model, taken, context.prompt) : model
      taken.set(free ?? named ?? '', wanted)
      return named
    },
  }
}

async function askModel(
  { provider }: WantedKey,
  model: string | undefined,
  taken: ReadonlyMap<string, unknown>,
  prompt: Prompt,
): Promise<string | undefined> {
  // Without a person the plan says what is missing, and why.
  if (!prompt.allowed || model !== undefined) return model
  return await prompt.input(
    '--model NAME',
    `Which model of ${provider.id === 'openai-compatible' ? 'that host' : provider.label} do clients ask for? The config has no entry for it yet`,
    {
      check: text => {
        if (text.trim() === '') return `an answer is needed, as in ${provider.exampleModel}`
        if (!isModelPattern(text.trim())) return `${MODEL_PATTERN.message}: ${MODEL_PATTERN.hint}`
        return !taken.has(text.trim()) || 'the config has an entry for that one already'
      },
    },
  )
}
