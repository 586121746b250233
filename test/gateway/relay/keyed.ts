import { keyLike } from '../../helpers/keys.ts'
import { toHost } from '../kit/configs.ts'

/** The key that an upstream is given, and repeats. */
export const KEY = keyLike('openai', 'echo')
/** What nobody must be told of it: also somebody who knows how to decode a part. */
export const TOLD = KEY.slice(10, 40)
export const REFUSAL = JSON.stringify({
  error: { message: `Incorrect API key provided: ${KEY}. Try again.` },
})
export const CHAT = { model: 'gpt-5', max_tokens: 9, messages: [{ role: 'user', content: 'hi' }] }

const backendAuth = { key: KEY }

/** A route to an upstream on that port, which is given the key. */
export function withKey(port: number, policies: object = {}): string {
  return toHost(`127.0.0.1:${port}`, { backendAuth, ...policies })
}

/** The same for a provider. */
export function toProvider(port: number, provider: object, policies: object = {}): string {
  const ai = { name: 'llm', hostOverride: `127.0.0.1:${port}`, provider }
  const route = { backends: [{ ai }], policies: { backendAuth, ...policies } }
  return JSON.stringify({ binds: [{ port: 3000, listeners: [{ routes: [route] }] }] })
}
