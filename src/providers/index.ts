export type { RouteType } from '../route-types.ts'
export { anthropic } from './anthropic.ts'
export { type AzureSettings, azure } from './azure.ts'
export { type BedrockSettings, bedrock } from './bedrock.ts'
export type { PromptCaching } from './converse-caching.ts'
export { type CustomFormat, type CustomSettings, custom } from './custom.ts'
export { EventDataReader } from './event-data.ts'
export { gemini } from './gemini.ts'
export { findHeader, removeHeader, setHeader } from './headers.ts'
export { hasIdentity, IDENTITIES, type WithIdentity } from './identities.ts'
export { LLM_PATHS } from './llm-paths.ts'
export {
  ONBOARDING,
  type Onboarding,
  onboardingFor,
  onboardingOf,
  SETTING_FLAGS,
  type SettingFlag,
} from './onboarding.ts'
export { openAI } from './openai.ts'
export { isModelName } from './path-segment.ts'
export { PRESET_PROBES } from './preset-probes.ts'
export { PRESETS, type Preset, type PresetName } from './presets.ts'
export type { Header, Probe, ProbeAnswer, ProbeRequest, Verdict } from './probe.ts'
export type {
  FinishFacts,
  Format,
  PathFacts,
  Provider,
  ProviderKind,
} from './provider.ts'
export { type SettingAnswer, settingAnswer, settingForm } from './setting-answers.ts'
export {
  type AnswerFacts,
  type AnswerStream,
  type Translation,
  TranslationError,
  translationFor,
} from './translation.ts'
export { type VertexSettings, vertex } from './vertex.ts'
