import { ANTHROPIC_VERSION } from './anthropic.ts'
import { setHeader } from './headers.ts'
import { modelSegment } from './path-segment.ts'
import { bearer, below, field, type Probe, usualVerdict, WORKS } from './probe.ts'
import { type FinishFacts, type Format, type PathFacts, type Provider, trimSlashes } from './provider.ts'

/** An Azure resource; the key is placed as the config says, nothing is automatic. */
export interface AzureSettings {
  readonly resourceName: string
  readonly resourceType: 'openAI' | 'foundry'
  /** `v1` (the default), `preview`, or a date. */
  readonly apiVersion?: string | undefined
  /** Foundry project, by default the resource's name. */
  readonly projectName?: string | undefined
  readonly model?: string | undefined
}

const ACCEPTED: ReadonlySet<Format> = new Set(['completions', 'responses', 'embeddings', 'rerank'])
const CLAUDE: ReadonlySet<Format> = new Set(['messages', 'anthropicTokenCount'])

function suffix(format: Format): string {
  if (format === 'embeddings') return 'embeddings'
  return format === 'responses' ? 'responses' : 'chat/completions'
}

function openAIResourcePath(settings: AzureSettings, facts: PathFacts): string {
  const version = settings.apiVersion ?? 'v1'
  if (version === 'v1') return `/openai/v1/${suffix(facts.type)}`
  if (version === 'preview') return `/openai/v1/${suffix(facts.type)}?api-version=preview`
  const query = `?api-version=${encodeURIComponent(version)}`
  if (facts.type === 'responses') return `/openai/responses${query}`
  const deployment = modelSegment(settings.model ?? facts.model)
  return `/openai/deployments/${deployment}/${suffix(facts.type)}${query}`
}

function foundryPath(settings: AzureSettings, facts: PathFacts): string {
  if (CLAUDE.has(facts.type)) {
    return facts.type === 'messages' ? '/anthropic/v1/messages' : '/anthropic/v1/messages/count_tokens'
  }
  const project = encodeURIComponent(settings.projectName ?? settings.resourceName)
  return `/api/projects/${project}/openai/v1/${suffix(facts.type)}`
}

/** The list of the resource's models; keys go where the config says, by default as bearer. */
function probeOf({ apiVersion = 'v1' }: AzureSettings): Probe {
  const path =
    apiVersion === 'v1'
      ? '/openai/v1/models'
      : apiVersion === 'preview'
        ? '/openai/v1/models?api-version=preview'
        : `/openai/models?api-version=${encodeURIComponent(apiVersion)}`
  return {
    request: (key, prefix) => ({ path: below(prefix, '') + path, key: bearer(key) }),
    judge: answer =>
      answer.status === 200 && Array.isArray(field(answer.body, 'data')) ? WORKS : usualVerdict(answer),
  }
}

/** https://learn.microsoft.com/azure/ai-foundry/openai/reference-preview-latest */
export function azure(settings: AzureSettings): Provider {
  const foundry = settings.resourceType === 'foundry'
  const isClaude = (model: string) => foundry && (settings.model ?? model).toLowerCase().startsWith('claude')
  return {
    kind: 'azure',
    telemetryName: 'azure',
    host: `${settings.resourceName}.${foundry ? 'services.ai.azure.com' : 'openai.azure.com'}`,
    basePath: undefined,
    renamesTokenLimit: true,
    probe: probeOf(settings),
    accepts: (format, model) => (CLAUDE.has(format) ? isClaude(model) : ACCEPTED.has(format)),
    path: (facts, prefix) =>
      (prefix === undefined ? '' : trimSlashes(prefix)) +
      (foundry ? foundryPath(settings, facts) : openAIResourcePath(settings, facts)),
    finish: (headers: string[], facts: FinishFacts) => {
      if ((facts.type === 'messages' || facts.type === 'anthropicTokenCount') && isClaude(facts.model)) {
        setHeader(headers, 'anthropic-version', ANTHROPIC_VERSION)
      }
    },
  }
}
