import { anthropic } from './anthropic.ts'
import { azure } from './azure.ts'
import { bedrock } from './bedrock.ts'
import { gemini } from './gemini.ts'
import { openai } from './openai.ts'
import type { ProviderShape } from './options.ts'
import type { Provider } from './provider.ts'

/** The API behind each shape. */
export const PROVIDERS: Readonly<Record<ProviderShape, Provider>> = {
  openai,
  azure,
  anthropic,
  gemini,
  bedrock,
}
