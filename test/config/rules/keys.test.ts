import { describe, expect, test } from 'vitest'
import { type Cases, diagnosticsIn, findingsIn } from './findings-in.ts'

const HEAD = 'gateways: {default: {port: 8080}}\nroutes:\n'
const KEYS = `keys: [{keyHash: "sha256:${'0'.repeat(64)}"}]`

/** A route to a provider; `parts` are put into the provider, the backend and the route. */
function ai(
  provider: string,
  parts: { at?: string; backend?: string; route?: string; gateway?: string } = {},
): string {
  const { at = '', backend = '', route = '', gateway = '' } = parts
  return `gateways: {default: {port: 8080${gateway === '' ? '' : `, ${gateway}`}}}
routes:
- backends:
  - ai: {name: a, provider: {${provider}}${at === '' ? '' : `, ${at}`}}
    policies: {${backend}}
  policies: {${route}}
`
}

describe('a key that a stronger one takes the place of', () => {
  const key = 'backendAuth: {key: example}'
  const cases: Cases = [
    [
      'of the route by that of the provider',
      ai('openAI: {}', { at: `policies: {${key}}`, route: key }),
      ['KEY_OVERRULED 6'],
    ],
    [
      'of the backend by that of the provider',
      ai('openAI: {}', { at: `policies: {${key}}`, backend: key }),
      ['KEY_OVERRULED 5'],
    ],
    [
      'of the route by that of the backend',
      ai('openAI: {}', { backend: key, route: key }),
      ['KEY_OVERRULED 6'],
    ],
    ['alone', ai('openAI: {}', { route: key }), []],
    [
      'of the route for one of two backends only',
      `${HEAD}- backends:
  - {ai: {name: a, provider: {openAI: {}}}, policies: {${key}}}
  - {ai: {name: b, provider: {openAI: {}}}}
  policies: {${key}}
`,
      [],
    ],
    [
      'of a named backend by that of its route',
      `gateways: {default: {port: 8080}}
backends:
- {name: a, ai: {name: a, provider: {openAI: {}}}, policies: {${key}}}
routes:
- backends: [{backend: /a}]
  policies: {${key}}
`,
      ['KEY_OVERRULED 3'],
    ],
    [
      'of a provider, by that of its params',
      `llm:
  providers:
  - name: p
    provider: openAI
    params: {apiKey: example}
    defaults: {auth: {key: example}}
  models:
  - {name: "*", provider: {reference: p}, auth: {key: example}}
`,
      ['KEY_OVERRULED 6', 'KEY_OVERRULED 8'],
    ],
  ]

  test.each(cases)('%s', (_, config, findings) => {
    expect(findingsIn(config)).toEqual(findings)
  })

  test('says where the stronger one stands', () => {
    const [finding] = diagnosticsIn(
      'llm:\n  models:\n  - name: "*"\n    provider: openAI\n    params: {apiKey: example}\n    auth: {key: example}\n',
    )
    expect(finding?.message).toContain('`params.apiKey` in line 5')
  })
})

describe("a client's token and the key of Anthropic", () => {
  const placed = 'backendAuth: {key: {value: example, location: {header: {name: x-api-key}}}}'
  const extra = 'backendAuth: {credentials: [{key: example, location: {header: {name: X-Api-Key}}}]}'
  const strict = `apiKey: {mode: strict, ${KEYS}}`
  const cases: Cases = [
    ['meet', ai('anthropic: {}', { route: placed }), ['ANTHROPIC_KEY_PLACE 6']],
    ['meet in an extra credential', ai('anthropic: {}', { route: extra }), ['ANTHROPIC_EXTRA_KEY 6']],
    ['do not meet at another provider', ai('openAI: {}', { route: placed }), []],
    [
      'do not meet when the gateway takes the token off',
      ai('anthropic: {}', { route: placed, gateway: strict }),
      [],
    ],
    [
      'do not meet when the route takes the token off',
      ai('anthropic: {}', { route: `${placed}, ${strict}` }),
      [],
    ],
    [
      'meet when the gateway looks elsewhere',
      ai('anthropic: {}', {
        route: placed,
        gateway: `apiKey: {mode: strict, location: {header: {name: x-key}}, ${KEYS}}`,
      }),
      ['ANTHROPIC_KEY_PLACE 6'],
    ],
    [
      'meet when the check refuses nobody',
      ai('anthropic: {}', { route: placed, gateway: strict.replace('strict', 'permissive') }),
      ['AUTH_PERMISSIVE 1', 'ANTHROPIC_KEY_PLACE 6'],
    ],
    [
      'do not meet when the header is removed',
      ai('anthropic: {}', { route: `${placed}, requestHeaderModifier: {remove: [Authorization]}` }),
      [],
    ],
    [
      'meet in the llm section',
      'llm:\n  models:\n  - name: "*"\n    provider: anthropic\n    auth: {key: {value: example, location: {header: {name: x-api-key}}}}\n',
      ['ANTHROPIC_KEY_PLACE 5'],
    ],
  ]

  test.each(cases)('%s', (_, config, findings) => {
    expect(findingsIn(config)).toEqual(findings)
  })
})

describe('a provider without a key', () => {
  const none = ['CLIENT_CREDENTIAL_FORWARDED 4']
  const strict = `apiKey: {mode: strict, ${KEYS}}`
  const cases: Cases = [
    ['gets the one of the client', ai('openAI: {}'), none],
    ['has an identity of its own in a cloud', ai('bedrock: {region: us-east-1}'), []],
    [
      'but not behind another host',
      ai('bedrock: {region: us-east-1}', { at: 'hostOverride: "a.example.com:8000", pathPrefix: /' }),
      none,
    ],
    ['needs none on this machine', ai('openAI: {}', { at: 'hostOverride: "localhost:8000"' }), []],
    [
      'gets one by hand',
      ai('openAI: {}', { route: 'requestHeaderModifier: {set: {Authorization: example}}' }),
      [],
    ],
    [
      'gets none when the gateway takes it off',
      ai('openAI: {}', { gateway: strict }),
      ['CLIENT_KEY_TAKEN 4'],
    ],
    [
      'gets the one in another header',
      ai('openAI: {}', {
        gateway: strict.replace('mode: strict', 'mode: strict, location: {header: {name: x-key}}'),
      }),
      [],
    ],
    ['may get it in another header', ai('anthropic: {}', { gateway: strict }), []],
    ['that is passed through on purpose', ai('openAI: {}', { route: 'backendAuth: {passthrough: {}}' }), []],
    [
      'that is passed through, but taken off',
      ai('openAI: {}', { gateway: strict, route: 'backendAuth: {passthrough: {}}' }),
      ['CLIENT_KEY_TAKEN 6'],
    ],
    [
      'gets the token of the user back',
      ai('openAI: {}', {
        gateway: `jwtAuth: {mode: strict, issuer: a, audiences: [b], jwks: '{"keys":[]}'}`,
        route: 'backendAuth: {passthrough: {}}',
      }),
      [],
    ],
    ['is no finding for ollama', 'llm:\n  models:\n  - {name: "*", provider: ollama}\n', []],
    [
      'is one for a preset',
      'llm:\n  models:\n  - {name: "*", provider: groq}\n',
      ['CLIENT_CREDENTIAL_FORWARDED 3'],
    ],
  ]

  test.each(cases)('%s', (_, config, findings) => {
    expect(findingsIn(config)).toEqual(findings)
  })
})

describe('a key on its way', () => {
  const to = (host: string, backend = ''): string =>
    ai('openAI: {}', { at: `hostOverride: "${host}"`, backend, route: 'backendAuth: {key: example}' })
  const cases: Cases = [
    ['over the open network', to('llm.example.com:8080'), ['KEY_IN_CLEAR 4']],
    ['with TLS', to('llm.example.com:8080', 'backendTLS: {}'), []],
    ['to this machine', to('127.0.0.1:9000'), []],
    ['to this machine by IPv6', to('[::1]:9000'), []],
    ['to a private address', to('10.1.2.3:8080'), ['KEY_IN_CLEAR_PRIVATE 4']],
    ['to a name without a dot', to('vllm:8080'), ['KEY_IN_CLEAR_PRIVATE 4']],
    ['to a public address', to('172.15.0.1:8080'), ['KEY_IN_CLEAR 4']],
    ['to the port of TLS', to('llm.example.com:443'), ['PLAIN_TO_TLS_PORT 4']],
    [
      'to a plain backend',
      `${HEAD}- backends: [{host: "a.example.com:80", policies: {backendAuth: {key: example}}}]\n`,
      ['KEY_IN_CLEAR 3'],
    ],
    ['no key, no finding', `${HEAD}- backends: [{host: "a.example.com:80"}]\n`, []],
    [
      'to an MCP server',
      'mcp:\n  targets:\n  - {name: a, mcp: {host: "http://a.example.com/mcp"}, policies: {backendAuth: {key: example}}}\n',
      ['KEY_IN_CLEAR 3'],
    ],
    [
      'to an MCP server with TLS',
      'mcp:\n  targets:\n  - {name: a, mcp: {host: "https://a.example.com/mcp"}, policies: {backendAuth: {key: example}}}\n',
      [],
    ],
    [
      'of a model',
      'llm:\n  models:\n  - {name: "*", provider: openAI, params: {apiKey: example, baseUrl: "http://a.example.com/v1"}}\n',
      ['KEY_IN_CLEAR 3'],
    ],
    [
      'of a model with tls',
      'llm:\n  models:\n  - {name: "*", provider: openAI, tls: {}, params: {apiKey: example, baseUrl: "http://a.example.com/v1"}}\n',
      [],
    ],
    [
      'CONNECT tunnels carry TLS',
      `${HEAD}- backends: [{host: "a.example.com:443"}]\nfrontendPolicies: {connect: {mode: tunnel}}\n`,
      [],
    ],
  ]

  test.each(cases)('%s', (_, config, findings) => {
    expect(findingsIn(config)).toEqual(findings)
  })
})
