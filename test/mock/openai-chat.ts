import { OPENAI_KEY } from './harness.ts'

/** A chat for the OpenAI dialect, the key it is sent with, and what the mock answers. */
export const auth = { authorization: `Bearer ${OPENAI_KEY}` }
export const messages = [
  { role: 'system', content: 'Be brief.' },
  { role: 'user', content: 'first' },
  { role: 'assistant', content: 'yes?' },
  { role: 'user', content: [{ type: 'text', text: 'Is the  second\none echoed?' }] },
]
export const chat = { model: 'gpt-4o-mini', messages }
export const ANSWER = 'mock answer to: Is the second one echoed?'
