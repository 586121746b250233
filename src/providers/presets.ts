import type { CustomFormat } from './custom.ts'

/** A custom provider with its address and shapes filled in. */
export interface Preset {
  readonly baseUrl: string
  readonly formats: readonly CustomFormat[]
}

const completions: CustomFormat = { type: 'completions' }
const messages: CustomFormat = { type: 'messages' }
const responses: CustomFormat = { type: 'responses' }
const embeddings: CustomFormat = { type: 'embeddings' }
const rerank: CustomFormat = { type: 'rerank' }
const foreignMessages: CustomFormat = { type: 'messages', path: '/anthropic/v1/messages' }

/** The provider names of the `llm` section that stand for a known OpenAI-compatible service. */
export const PRESETS = {
  cohere: {
    baseUrl: 'https://api.cohere.ai',
    formats: [
      { type: 'completions', path: '/compatibility/v1/chat/completions' },
      { type: 'embeddings', path: '/compatibility/v1/embeddings' },
      { type: 'rerank', path: '/v2/rerank' },
    ],
  },
  ollama: { baseUrl: 'http://localhost:11434/v1', formats: [completions, responses, embeddings] },
  baseten: { baseUrl: 'https://inference.baseten.co/v1', formats: [completions, messages] },
  cerebras: { baseUrl: 'https://api.cerebras.ai/v1', formats: [completions] },
  deepinfra: {
    baseUrl: 'https://api.deepinfra.com/v1/openai',
    formats: [completions, foreignMessages, embeddings],
  },
  deepseek: { baseUrl: 'https://api.deepseek.com/v1', formats: [completions, foreignMessages, responses] },
  groq: { baseUrl: 'https://api.groq.com/openai/v1', formats: [completions, responses] },
  huggingface: { baseUrl: 'https://router.huggingface.co/v1', formats: [completions, responses] },
  mistral: { baseUrl: 'https://api.mistral.ai/v1', formats: [completions, embeddings] },
  openrouter: {
    baseUrl: 'https://openrouter.ai/api/v1',
    formats: [completions, messages, responses, embeddings, rerank],
  },
  togetherai: { baseUrl: 'https://api.together.xyz/v1', formats: [completions, embeddings, rerank] },
  xai: { baseUrl: 'https://api.x.ai/v1', formats: [completions, responses, { type: 'realtime' }] },
  fireworks: {
    baseUrl: 'https://api.fireworks.ai/inference/v1',
    formats: [completions, messages, responses, embeddings, rerank],
  },
} as const satisfies Readonly<Record<string, Preset>>

export type PresetName = keyof typeof PRESETS
