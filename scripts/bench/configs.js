import { PATH } from './payload.js'

/** What a client of `virtualKeys` sends. */
export const CLIENT_KEY = 'vk-client'

function openAi(upstreamPort) {
  return { ai: { name: 'openai', hostOverride: `127.0.0.1:${upstreamPort}`, provider: { openAI: {} } } }
}

const backendAuth = { key: 'sk-bench-0123456789abcdef0123456789abcdef' }

function onPort(port, routes) {
  return { binds: [{ port, listeners: [{ routes }] }] }
}

/** One host with a key, of whose requests and answers nothing but the heads is read. */
export function hostKey(port, upstreamPort) {
  return onPort(port, [{ backends: [{ host: `127.0.0.1:${upstreamPort}` }], policies: { backendAuth } }])
}

/** One OpenAI-compatible backend with a key. */
export function oneKey(port, upstreamPort) {
  return onPort(port, [{ backends: [openAi(upstreamPort)], policies: { backendAuth } }])
}

/** The same for so many clients with a key of their own, under a token limit that is never reached. */
export function virtualKeys(port, upstreamPort, count) {
  const keys = Array.from({ length: count - 1 }, (_, i) => ({ key: `vk-${i}` }))
  keys.push({ key: CLIENT_KEY })
  const huge = 1_000_000_000
  const policies = {
    backendAuth,
    apiKey: { mode: 'strict', keys },
    localRateLimit: [{ type: 'tokens', maxTokens: huge, tokensPerFill: huge, fillInterval: '1s' }],
  }
  return onPort(port, [{ backends: [openAi(upstreamPort)], policies }])
}

/** So many routes by path to the same backend; the one that the load asks for stands in the middle. */
export function routes(port, upstreamPort, count) {
  const list = Array.from({ length: count }, (_, i) => ({
    name: `route-${i}`,
    matches: [{ path: { pathPrefix: i === Math.floor(count / 2) ? PATH : `/team-${i}/v1` } }],
    backends: [openAi(upstreamPort)],
    policies: { backendAuth },
  }))
  return onPort(port, list)
}
