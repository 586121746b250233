import { anthropicPath } from './anthropic.ts'
import { nativeGeminiPath } from './gemini.ts'
import { openAIPath } from './openai.ts'
import { modelList, type Probe } from './probe.ts'
import { type Format, type PathFacts, type Provider, trimSlashes } from './provider.ts'

/** A shape that a custom provider takes, and its path where it is not the usual one. */
export interface CustomFormat {
  readonly type: Format
  /** Absolute path; `pathPrefix` does not go in front of it. */
  readonly path?: string | undefined
}

export interface CustomSettings {
  readonly formats: readonly CustomFormat[]
  /** How a key is tried at a known service. */
  readonly probe?: Probe | undefined
  /** Name for logs and metrics. */
  readonly telemetryName?: string | undefined
}

function usualPath(facts: PathFacts, prefix: string | undefined): string {
  if (facts.type === 'generateContent' || facts.type === 'geminiCountTokens') {
    return (prefix === undefined ? '' : trimSlashes(prefix)) + nativeGeminiPath(facts)
  }
  const base = prefix === undefined ? '/v1' : trimSlashes(prefix)
  const ofAnthropic = facts.type === 'messages' || facts.type === 'anthropicTokenCount'
  return base + (ofAnthropic ? anthropicPath(facts.type) : openAIPath(facts.type))
}

/** Any host that speaks one of the known shapes; the config must say which host. */
export function custom(settings: CustomSettings): Provider {
  const paths = new Map(settings.formats.map(format => [format.type, format.path]))
  return {
    kind: 'custom',
    telemetryName: settings.telemetryName ?? 'custom',
    host: undefined,
    basePath: undefined,
    renamesTokenLimit: false,
    probe: settings.probe ?? modelList({ isPublic: true }),
    accepts: format => paths.has(format),
    path: (facts, prefix) => paths.get(facts.type) ?? usualPath(facts, prefix),
  }
}
