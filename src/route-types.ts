/** What a request asks for, as the path map of a route (`policies.ai.routes`) or of the `llm` section names it. */
export const ROUTE_TYPES = [
  'completions',
  'messages',
  'models',
  'passthrough',
  'detect',
  'responses',
  'embeddings',
  'realtime',
  'anthropicTokenCount',
  'generateContent',
  'geminiCountTokens',
  'rerank',
] as const

export type RouteType = (typeof ROUTE_TYPES)[number]
