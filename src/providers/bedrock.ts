import { bedrockProbe } from './bedrock-probe.ts'
import { modelSegment } from './path-segment.ts'
import { type Format, type PathFacts, type Provider, trimSlashes } from './provider.ts'

/** Amazon Bedrock in a region, reached with one of its API keys. */
export interface BedrockSettings {
  readonly region: string
  readonly model?: string | undefined
  /** What Bedrock itself looks at prompts and answers with; both or none. */
  readonly guardrailIdentifier?: string | undefined
  readonly guardrailVersion?: string | undefined
}

/** No shape of a client is taken as it is: all are put into the Converse API's. */
const NOTHING = (_format: Format): boolean => false

function path({ type, model, streaming }: PathFacts): string {
  const base = `/model/${modelSegment(model)}`
  if (type === 'anthropicTokenCount') return `${base}/count-tokens`
  if (type === 'embeddings') return `${base}/invoke`
  return streaming ? `${base}/converse-stream` : `${base}/converse`
}

/**
 * https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html; keys go as bearer:
 * https://docs.aws.amazon.com/bedrock/latest/userguide/api-keys-use.html
 */
export function bedrock(settings: BedrockSettings): Provider {
  const { region, model: chosen, guardrailIdentifier, guardrailVersion } = settings
  const isGuarded = guardrailIdentifier !== undefined && guardrailVersion !== undefined
  return {
    kind: 'bedrock',
    telemetryName: 'aws.bedrock',
    host: `bedrock-runtime.${region}.amazonaws.com`,
    basePath: undefined,
    renamesTokenLimit: false,
    probe: bedrockProbe(region),
    accepts: NOTHING,
    path: (facts, prefix) =>
      (prefix === undefined ? '' : trimSlashes(prefix)) + path({ ...facts, model: chosen ?? facts.model }),
    prepare: (body, { type }) => {
      if (!isGuarded || type !== 'messages') return false
      body['guardrailConfig'] = { guardrailIdentifier, guardrailVersion, trace: 'enabled' }
      return true
    },
  }
}
