import { describe, expect, it } from 'vitest'

import { exportConfig } from '../../src/cluster/index.ts'
import { formatPath, readDocument, validate } from '../../src/config/index.ts'
import type { KubernetesObject } from '../../src/kubernetes/index.ts'
import { hasCompat, plausible, publicConfigs, WITHOUT_COMPAT } from '../helpers/compat.ts'
import { apiErrors, hasCrds, KINDS } from '../kubernetes/crds.ts'
import { exported, GATEWAY } from './exported.ts'

const HASH = `sha256:${'ab'.repeat(32)}`

describe('the export of a config', () => {
  it('has a rule for each model, the more exact name first, and looks for the model in the body', () => {
    const { of, left, secrets } = exported(`${GATEWAY}llm:
  models:
    - { name: "*", provider: openAI, params: { apiKey: "$OPENAI_API_KEY" } }
    - { name: "gpt-4.1*", provider: groq, params: { apiKey: "$GROQ_API_KEY", model: other } }
    - { name: claude-haiku-4-5, provider: anthropic, auth: { passthrough: {} } }
`)
    expect(left).toEqual([])
    const [route] = of('HTTPRoute')
    const { rules } = (route as KubernetesObject)['spec'] as {
      rules: { matches: { headers?: object[] }[]; backendRefs: { name: string }[] }[]
    }
    expect(rules.map(rule => [rule.matches[0]?.headers?.[0], rule.backendRefs[0]?.name])).toEqual([
      [{ type: 'Exact', name: 'x-agw-model', value: 'claude-haiku-4-5' }, 'claude-haiku-4-5'],
      [{ type: 'RegularExpression', name: 'x-agw-model', value: '^gpt-4\\.1.*$' }, 'groq'],
      [{ type: 'RegularExpression', name: 'x-agw-model', value: '^.*$' }, 'openai'],
    ])
    expect(of('AgentgatewayPolicy')[0]?.['spec']).toMatchObject({
      traffic: { phase: 'PreRouting', transformation: { request: { set: [{ name: 'x-agw-model' }] } } },
    })
    expect(secrets).toEqual([
      { slot: 'groq', secret: 'groq-secret' },
      { slot: 'openai', secret: 'openai-secret' },
    ])
  })

  it('has the clients by their hashes, with their metadata, and the mode written out', () => {
    const { of, left } = exported(`${GATEWAY}llm:
  models: [{ name: "*", provider: openAI, params: { apiKey: "$K" } }]
  policies:
    apiKey:
      location: { header: { name: x-key, prefix: "" } }
      keys:
        - { keyHash: "${HASH}", metadata: { name: a b, team: blue } }
        - { key: "$TEAM_KEY" }
        - { keyHash: "${HASH.replaceAll('b', 'c')}", allowedModels: ["gpt-*"] }
        - { key: "$UNSET" }
`)
    expect(left).toEqual([
      'llm.policies.apiKey.keys[2]: allowedModels has no word there: this key could use every model',
      'llm.policies.apiKey.keys[3]: its variable is not set',
    ])
    const [map] = of('ConfigMap')
    const data = map?.['data'] as Record<string, string>
    expect(Object.keys(data)).toEqual(['a-b', expect.stringMatching(/^sha256-[0-9a-f]{8}$/)])
    expect(JSON.parse(data['a-b'] ?? '')).toEqual({ keyHash: HASH, metadata: { name: 'a b', team: 'blue' } })
    expect(JSON.stringify(map)).not.toContain('value-of')
    expect(of('AgentgatewayPolicy')[0]?.['spec']).toEqual({
      targetRefs: [{ group: 'gateway.networking.k8s.io', kind: 'HTTPRoute', name: 'llm' }],
      traffic: {
        apiKeyAuthentication: {
          mode: 'Optional',
          configMapSelector: { matchLabels: { 'agw.dev/clients': 'agw-clients' } },
          location: { header: { name: 'x-key' } },
        },
      },
    })
  })

  it('has routes of binds with hosts, weights, times and matches', () => {
    const { of, left } = exported(`binds:
- port: 8080
  listeners:
  - hostname: "*"
    routes:
    - name: My Route
      hostnames: [a.example.com]
      matches:
      - { path: { exact: /x }, method: GET, query: [{ name: q, value: { regex: "a.*" } }] }
      backends: [{ host: "one.svc:80", weight: 9 }, { host: "two.svc:80" }]
      policies: { timeout: { requestTimeout: 5s } }
  - name: second
    hostname: b.example.com
    routes: []
`)
    expect(left).toEqual([])
    expect(of('Gateway')[0]?.['spec']).toMatchObject({
      listeners: [
        { name: 'http-8080', port: 8080 },
        { name: 'http-8080-2', hostname: 'b.example.com' },
      ],
    })
    const [route] = of('HTTPRoute')
    expect(route?.metadata.name).toMatch(/^my-route-[0-9a-f]{6}$/)
    expect(route?.['spec']).toMatchObject({
      parentRefs: [{ name: 'agw', sectionName: 'http-8080' }],
      hostnames: ['a.example.com'],
      rules: [
        {
          matches: [
            {
              path: { type: 'Exact', value: '/x' },
              method: 'GET',
              queryParams: [{ type: 'RegularExpression', name: 'q', value: 'a.*' }],
            },
          ],
          backendRefs: [{ weight: 9 }, {}],
          timeouts: { request: '5s' },
        },
      ],
    })
  })

  it('gives backends of one route that share its key names of their own and one Secret', () => {
    const { of, left, secrets } = exported(`${GATEWAY}routes:
- backends:
  - { ai: { name: a, provider: { openAI: {} } } }
  - { ai: { name: b, provider: { anthropic: {} } } }
  policies: { backendAuth: { key: "$K" } }
`)
    expect(left).toEqual([])
    expect(secrets).toHaveLength(1)
    const backends = of('AgentgatewayBackend')
    expect(new Set(backends.map(one => one.metadata.name)).size).toBe(2)
    expect(
      backends
        .map(one => JSON.stringify(one['spec']))
        .every(text => text.includes(secrets[0]?.secret ?? '-')),
    ).toBe(true)
  })

  it("has the certificate of a listener that is the models' own", () => {
    const { left, certificates, of } = exported(
      'llm: { port: 8443, tls: { cert: a.pem, key: b.pem }, models: [{ name: "*", provider: openAI }] }\n',
    )
    expect(left).toEqual([])
    expect(certificates).toMatchObject([{ cert: 'a.pem', key: 'b.pem', secret: 'agw-https-8443-tls' }])
    expect(of('Gateway')[0]?.['spec']).toMatchObject({ listeners: [{ port: 8443, protocol: 'HTTPS' }] })
  })

  it('has the routes last, so that none is open before its policies are there', () => {
    const { objects } = exported(`${GATEWAY}llm:
  models: [{ name: a, provider: openAI }, { name: b, provider: anthropic }]
  policies: { apiKey: { mode: strict, keys: [{ keyHash: "${HASH}" }] } }
routes: [{ matches: [{ path: { exact: /x } }], backends: [{ host: "h:1" }], policies: { csrf: {} } }]
`)
    const kinds = objects.map(one => one.kind)
    expect(kinds.slice(kinds.indexOf('HTTPRoute'))).toEqual(['HTTPRoute', 'HTTPRoute'])
    expect(new Set(kinds).size).toBe(5)
  })

  const table: [what: string, text: string, left: (string | RegExp)[]][] = [
    [
      'a listener that asks for certificates',
      'gateways: { default: { port: 1 }, s: { port: 2, tls: { cert: a, key: b, root: c } } }\n',
      ['gateways.s: of its tls this version writes cert and key alone'],
    ],
    [
      'models whose own listener asks for certificates, which are not those of another listener',
      `${GATEWAY}llm: { port: 4000, tls: { cert: a, key: b, root: c }, models: [{ name: a, provider: openAI }] }\n`,
      ['llm.port', 'llm.tls: of its tls this version writes cert and key alone', 'llm.models'],
    ],
    [
      'models on more listeners than a policy is for',
      `gateways: { default: { port: 1, listeners: [${Array.from({ length: 17 }, (_, index) => `{ name: l${index}, hostname: l${index}.example.com }`).join()}] } }
llm: { models: [{ name: a, provider: openAI }] }\n`,
      ['llm: a policy is for no more than 16 listeners'],
    ],
    [
      'more backends than a rule has room for',
      `${GATEWAY}routes: [{ backends: [${Array.from({ length: 17 }, (_, index) => `{ host: "h${index}.example.com:80" }`).join()}] }]\n`,
      ['routes[0]: a rule has no room for more than 16 backends'],
    ],
    [
      'each policy that stands apart, and what it stops',
      `${GATEWAY}frontendPolicies: { tcp: { keepalives: { enabled: true } }, networkAuthorization: { rules: [{ allow: "true" }] } }
policies:
- { name: { name: a, namespace: n }, target: { gateway: { gatewayName: default, gatewayNamespace: n } }, policy: { authorization: { rules: ["true"] } } }
- { name: { name: b, namespace: n }, target: { gateway: { gatewayName: default, gatewayNamespace: n } }, policy: { timeout: { requestTimeout: 1s } } }
`,
      [
        'frontendPolicies.tcp',
        'frontendPolicies.networkAuthorization: requests that it stops would pass there',
        'policies[0]: requests that it stops would pass there',
        'policies[1]',
      ],
    ],
    [
      'what is for other routes alone, with all that stands in it',
      'binds: [{ port: 1, mode: internal, listeners: [{ routes: [{ backends: [{ host: "h.example.com:80" }] }] }] }]\n',
      ['binds[0]: it is for routes of this config alone, and there everybody could reach it'],
    ],
    [
      'a port that is none',
      'gateways: { default: { port: 0 } }\n',
      ['gateways.default: its port is none that a Gateway takes'],
    ],
    [
      'settings of a provider that are empty or too long',
      `${GATEWAY}llm: { models: [{ name: a, provider: openAI, params: { model: "" } }, { name: b, provider: openAI, params: { model: ${'m'.repeat(257)} } }] }\n`,
      [0, 1].map(index => `llm.models[${index}]: the controller takes a model of 1 to 256 characters`),
    ],
    ['settings of the process', `config: { logging: { level: info } }\n${GATEWAY}`, ['config']],
    [
      'guards',
      `${GATEWAY}llm: { models: [{ name: "*", provider: openAI }], policies: { guardrails: {} } }\n`,
      ['llm.policies.guardrails: requests that it stops would pass there'],
    ],
    [
      'fields of a model',
      `${GATEWAY}llm: { models: [{ name: "*", provider: openAI, passthrough: opaque, params: { tokenize: true } }] }\n`,
      ['llm.models[0].passthrough', 'llm.models[0].params'],
    ],
    [
      'a model on this machine',
      `${GATEWAY}llm: { models: [{ name: "*", provider: ollama }] }\n`,
      ['llm.models[0]: it is on this machine, where a cluster does not reach it'],
    ],
    [
      'a route whose backend cannot be written, with all that belongs to it',
      `${GATEWAY}routes: [{ name: a, backends: [{ mcp: { targets: [] } }] }, { name: b, backends: [{ host: "h:1" }] }]\n`,
      ['routes[0]: this kind of backend is not written by this version'],
    ],
    [
      'a match on a pseudo header',
      `${GATEWAY}routes: [{ matches: [{ headers: [{ name: ":path", value: { exact: x } }] }], backends: [{ host: "h:1" }] }]\n`,
      ['routes[0]: a match of it has no word in the Gateway API'],
    ],
  ]
  it.each(table)('names %s', (_, text, left) => {
    expect(exported(text).left).toEqual(
      left.map(one => (typeof one === 'string' ? one : expect.stringMatching(one))),
    )
  })
})

/** The keys at which a text stands. */
function keysWith(value: unknown, text: string | RegExp, key = ''): string[] {
  if (typeof value === 'string') return value.search(text) >= 0 ? [key] : []
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, inner]) =>
    keysWith(inner, text, Array.isArray(value) ? key : name),
  )
}

describe.skipIf(!hasCompat || !hasCrds)(
  `the export of ${hasCompat ? 'the public configs' : WITHOUT_COMPAT}`,
  () => {
    const written = publicConfigs().flatMap(({ file, text }) => {
      const document = readDocument(text, { file, lookup: plausible })
      const { draft } = validate(document)
      return draft === undefined ? [] : [{ file, document, draft }]
    })

    it('is accepted by the published schemas, and leaves nothing out unsaid', () => {
      const kinds = new Map<string, number>()
      const wrong: string[] = []
      for (const { file, document, draft } of written) {
        const { objects, leftOver } = exportConfig(draft, document, { namespace: 'llm', gateway: 'agw' })
        for (const one of objects) {
          kinds.set(one.kind, (kinds.get(one.kind) ?? 0) + 1)
          wrong.push(...apiErrors(one).map(error => `${file}: ${one.kind} ${one.metadata.name} ${error}`))
        }
        // What is left over is there, at a place that can be shown.
        for (const { path } of leftOver)
          if (!document.has(path)) wrong.push(`${file}: ${formatPath(path)} is nowhere`)
      }
      expect(wrong).toEqual([])
      expect([...kinds.keys()].sort()).toEqual(KINDS)
    })

    it('has what a variable stands for only where a place or a model belongs, and no variable that is not set', () => {
      const canary = 'Zq9xCanaryValue77Kp2'
      const places = new Set<string>()
      for (const { file, text } of publicConfigs()) {
        for (const value of [canary, undefined]) {
          const document = readDocument(text, { file, lookup: () => value })
          const { draft } = validate(document)
          if (draft === undefined) continue
          const { objects } = exportConfig(draft, document, { namespace: 'llm', gateway: 'agw' })
          const known = value ?? (document.variables.length > 0 ? /\$\{?[A-Z]\w+/ : canary)
          for (const key of keysWith(objects, known)) places.add(key)
        }
      }
      expect([...places].sort()).toEqual(['model', 'region', 'resourceName'])
    })
  },
)
