import { type DestinationExplanation, nameCovers, type RouteExplanation } from '../gateway/index.ts'
import { ONBOARDING, type Onboarding, onboardingFor } from '../providers/index.ts'

/** A model of a provider that does what the path is for. */
function modelOf(path: string, { exampleModel, exampleEmbedding }: Onboarding): string {
  return (makesEmbeddings(path) ? exampleEmbedding : undefined) ?? exampleModel
}

function makesEmbeddings(path: string): boolean {
  return path.includes('/embeddings')
}

/** The model that nearly every gateway leads somewhere. */
export function usualModel(path: string): string {
  const [first] = ONBOARDING
  return first === undefined ? '' : modelOf(path, first)
}

/**
 * Which model a request asks for where nobody said, by the way that the usual one took: a name of the config, else one that
 * the provider it reaches has, else one that reaches any. What is asked for a model that nobody has tells nothing of the
 * route.
 */
export async function exampleModel(
  path: string,
  { models, destinations }: RouteExplanation,
  explain: (model: string) => Promise<RouteExplanation>,
): Promise<string> {
  if (models === undefined) {
    const known = knownProvider(destinations[0])
    return known === undefined ? usualModel(path) : modelOf(path, known)
  }
  const names = models.filter(name => !name.includes('*'))
  const patterns = models.filter(name => name.includes('*'))
  const fits = (name: string): boolean => /embed/i.test(name) === makesEmbeddings(path)
  const known = new Set(ONBOARDING.map(one => modelOf(path, one)))
  let reached: string | undefined
  /** It leads somewhere, and what is asked of it is refused there. */
  let refusing: string | undefined
  for (const name of [
    ...names.filter(fits),
    ...[...known].filter(model => patterns.some(pattern => nameCovers(pattern, model))),
    ...names.filter(name => !fits(name)),
    ...patterns.filter(pattern => pattern !== '*').map(pattern => pattern.replace('*', 'model')),
  ]) {
    const { destinations, refused } = await explain(name)
    const [destination] = destinations
    if (destination === undefined) {
      if (refused.length > 0) refusing ??= name
      continue
    }
    if (names.includes(name) || isHad(path, name, destination)) return name
    reached ??= name
  }
  return reached ?? refusing ?? usualModel(path)
}

/** The provider has the model, as far as is known, or is asked for another one in its place. */
function isHad(path: string, name: string, destination: DestinationExplanation): boolean {
  const known = knownProvider(destination)
  return known === undefined || modelOf(path, known) === name || destination.model !== name
}

function knownProvider(destination: DestinationExplanation | undefined): Onboarding | undefined {
  const { provider, providerKind } = destination ?? {}
  if (provider === undefined || providerKind === undefined) return undefined
  return onboardingFor({ kind: providerKind, telemetryName: provider })
}
