/**
 * An OpenAI Chat Completions client in front of Anthropic's Messages API: bodies and streams, no I/O.
 *
 * The four directions are one file each; what both sides of a direction share (fields, usage) has its own.
 */
export { fromMessages } from './anthropic-completions-answer.ts'
export { completionsError, errorFromMessages } from './anthropic-completions-error.ts'
export { toMessages } from './anthropic-completions-request.ts'
export { CompletionsFromMessagesStream } from './anthropic-completions-stream.ts'
export type { StreamUsage } from './anthropic-completions-usage.ts'
export { TranslationError } from './fields.ts'
