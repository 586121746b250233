import type { Config } from '../config/schema.ts'
import type { RouteExplanation } from '../gateway/index.ts'
import { ONBOARDING, type Onboarding } from '../providers/index.ts'

/** How telemetry calls a provider that `agw init` knows by another name. */
const TOLD_AS: Readonly<Record<string, string>> = {
  gemini: 'gcp.gemini',
  vertex: 'gcp.vertex_ai',
  bedrock: 'aws.bedrock',
}

/**
 * Which model a request asks for where nobody said: one that the provider it reaches has, else the first that reaches
 * one. What is asked for a model that nobody has tells nothing of the route.
 */
export async function exampleModel(
  path: string,
  config: Pick<Config, 'llm'>,
  explain: (model: string) => Promise<RouteExplanation>,
): Promise<string> {
  const modelOf = ({ exampleModel, exampleEmbedding }: Onboarding): string =>
    (path.includes('/embeddings') ? exampleEmbedding : undefined) ?? exampleModel
  const [usual = ''] = ONBOARDING.map(modelOf)
  const named = (config.llm?.models ?? []).map(one => one.name).filter(name => !name.includes('*'))
  let reached: string | undefined
  for (const model of new Set([...ONBOARDING.map(modelOf), ...named])) {
    const { destinations, answer } = await explain(model)
    const [destination] = destinations
    // Only for another model there may be another answer.
    if (destination === undefined && answer?.status !== 404) break
    if (destination === undefined) continue
    const provider = ONBOARDING.find(({ id }) => (TOLD_AS[id] ?? id) === destination.provider)
    if (provider === undefined || modelOf(provider) === model) return model
    reached ??= model
  }
  return reached ?? usual
}
