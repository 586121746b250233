import type { RouteType } from '../route-types.ts'

/** What the `llm` section takes paths for. */
export const LLM_PATHS: Readonly<Record<string, RouteType>> = {
  '/v1/chat/completions': 'completions',
  '/v1/messages': 'messages',
  '/v1/messages/count_tokens': 'anthropicTokenCount',
  ':rawPredict': 'messages',
  ':streamRawPredict': 'messages',
  ':generateContent': 'generateContent',
  ':streamGenerateContent': 'generateContent',
  ':countTokens': 'geminiCountTokens',
  '/v1/responses': 'responses',
  '/v1/responses/compact': 'detect',
  '/v1/embeddings': 'embeddings',
  '/v1/images/generations': 'detect',
  '/v1/images/edits': 'detect',
  '/v1/images/variations': 'detect',
  '/v1/realtime': 'realtime',
  '/v1/rerank': 'rerank',
  '/v2/rerank': 'rerank',
  '*': 'passthrough',
}
