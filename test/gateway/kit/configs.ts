/** One route to one plain address. */
export function toHost(address: string, policies: object = {}): string {
  return JSON.stringify({
    binds: [{ port: 3000, listeners: [{ routes: [{ backends: [{ host: address }], policies }] }] }],
  })
}

/** One route to an OpenAI-compatible server in the clear, with a key; the client's path goes through. */
export function toModel(address: string, policies: object = {}): string {
  const ai = { name: 'openai', hostOverride: address, provider: { openAI: {} } }
  const backendAuth = { key: 'sk-gateway-key' }
  return JSON.stringify({
    binds: [
      {
        port: 3000,
        listeners: [{ routes: [{ backends: [{ ai }], policies: { backendAuth, ...policies } }] }],
      },
    ],
  })
}
