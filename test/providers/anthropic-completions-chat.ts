import { toMessages } from '../../src/providers/anthropic-completions.ts'

/** The smallest chat: what a client sends and what becomes of it, a tool, and the translation of more fields. */
export type Body = Record<string, unknown>

export const USER = { role: 'user', content: 'Hi' }
export const TURN = { role: 'user', content: [{ type: 'text', text: 'Hi' }] }
export const TOOL = {
  type: 'function',
  function: { name: 'weather', parameters: { type: 'object', properties: {} } },
}

export const translate = (fields: Body): Body =>
  toMessages({ model: 'claude', messages: [USER], ...fields }, { defaultMaxTokens: 4096 })
