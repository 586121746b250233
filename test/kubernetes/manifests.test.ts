import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import {
  controllerManifests,
  type KubernetesObject,
  type ManifestProvider,
  podManifests,
  secretName,
  secretObject,
  toDnsName,
} from '../../src/kubernetes/index.ts'
import { Secret } from '../../src/secrets/secret.ts'
import { openai, providers } from './provider-table.ts'
import { schemaErrors } from './schema-check.ts'

const base = { namespace: 'llm', port: 4000 }

/** The spec of the one backend of a provider. */
function backendOf(provider: Partial<ManifestProvider>) {
  const { objects } = controllerManifests({ ...base, providers: [{ ...openai, ...provider }] })
  return objects.find(one => one.kind === 'AgentgatewayBackend')?.['spec']
}

describe('an AgentgatewayBackend', () => {
  test.each(providers)('%s', (_, provider, spec) => {
    expect(backendOf(provider)).toEqual(spec)
  })

  const refused: [what: string, provider: Partial<ManifestProvider>, code: string][] = [
    [
      'a custom provider without address',
      { provider: { kind: 'custom', formats: [{ type: 'completions' }] } },
      'INPUT_NEEDED',
    ],
    ['an address that is none', { baseUrl: 'llm.example.com:443' }, 'CONFIG_INVALID'],
    [
      'two paths that exclude each other',
      {
        provider: { kind: 'custom', formats: [{ type: 'rerank', path: '/v2' }] },
        baseUrl: 'https://a.example.com/v1',
      },
      'CONFIG_INVALID',
    ],
  ]
  test.each(refused)('refused: %s', (_, provider, code) => {
    expect(() => backendOf(provider)).toThrow(expect.objectContaining({ code, hint: expect.any(String) }))
  })
})

describe('the objects of a gateway', () => {
  test('one provider takes every path', () => {
    const { objects, secrets, missingSecrets, notes } = controllerManifests({ ...base, providers: [openai] })
    expect(
      objects.map(one => `${one.apiVersion} ${one.kind} ${one.metadata.namespace}/${one.metadata.name}`),
    ).toEqual([
      'gateway.networking.k8s.io/v1 Gateway llm/agw',
      'agentgateway.dev/v1alpha1 AgentgatewayBackend llm/openai',
      'gateway.networking.k8s.io/v1 HTTPRoute llm/openai',
    ])
    const [gateway, backend, route] = objects
    expect(gateway?.['spec']).toEqual({
      gatewayClassName: 'agentgateway',
      listeners: [
        { name: 'http-4000', port: 4000, protocol: 'HTTP', allowedRoutes: { namespaces: { from: 'Same' } } },
      ],
    })
    expect(route?.['spec']).toEqual({
      parentRefs: [
        { group: 'gateway.networking.k8s.io', kind: 'Gateway', name: 'agw', sectionName: 'http-4000' },
      ],
      rules: [
        {
          matches: [{ path: { type: 'PathPrefix', value: '/' } }],
          backendRefs: [{ group: 'agentgateway.dev', kind: 'AgentgatewayBackend', name: 'openai' }],
        },
      ],
    })
    expect(backend?.metadata.annotations).toEqual({ 'agw.dev/target-agentgateway': '1.4' })
    for (const one of objects) expect(one.metadata.labels).toEqual({ 'app.kubernetes.io/managed-by': 'agw' })
    expect([secrets, missingSecrets, notes]).toEqual([[], ['openai-secret'], []])
  })

  test('several take a path each; keys that are known become Secrets, apart from the rest', () => {
    const made = controllerManifests({
      ...base,
      providers: [
        openai,
        {
          ...openai,
          name: 'gemini',
          provider: { kind: 'gemini' },
          routes: { ':countTokens': 'geminiCountTokens' },
        },
        { ...openai, name: 'pass', auth: 'passthrough' },
      ],
      keys: new Map([['openai', new Secret('sk-canary-0123')]]),
    })
    const paths = made.objects.flatMap(
      one => JSON.stringify(one).match(/"PathPrefix","value":"([^"]+)"/)?.[1] ?? [],
    )
    expect(paths).toEqual(['/openai', '/gemini', '/pass'])
    expect(made.secrets).toEqual([secretObject('openai-secret', 'llm', new Secret('sk-canary-0123'))])
    expect(made.missingSecrets).toEqual(['gemini-secret'])
    expect(made.notes).toEqual([
      expect.stringMatching(/path of its own \(\/openai, \/gemini, \/pass\)/),
      expect.stringMatching(/^gemini: .*:countTokens/),
    ])
    const text = JSON.stringify(made.objects)
    expect(text).not.toContain('canary')
    expect(text).not.toContain(Buffer.from('sk-canary-0123').toString('base64'))
  })

  test('a Secret has the bare key in base64 data and nothing else', () => {
    expect(secretObject('openai-secret', 'llm', new Secret('sk-abc'))).toEqual({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: {
        name: 'openai-secret',
        namespace: 'llm',
        labels: { 'app.kubernetes.io/managed-by': 'agw' },
      },
      type: 'Opaque',
      data: { Authorization: 'c2stYWJj' },
    })
  })
})

describe('names', () => {
  const table: [name: string, made: RegExp][] = [
    ['openai', /^openai$/],
    ['openAI', /^openai$/],
    ['openai-2', /^openai-2$/],
    ['my_key', /^my-key-[0-9a-f]{6}$/],
    ['my.key', /^my-key-[0-9a-f]{6}$/],
    ['openai@binds[0].listeners[1]', /^openai-binds-0-listeners-1-[0-9a-f]{6}$/],
    ['-x-', /^x-[0-9a-f]{6}$/],
    ['ключ', /^agw-[0-9a-f]{6}$/],
    ['', /^agw-[0-9a-f]{6}$/],
    ['x'.repeat(80), /^x{43}-[0-9a-f]{6}$/],
  ]
  test.each(table)('%j', (name, made) => {
    expect(toDnsName(name)).toMatch(made)
    expect(toDnsName(name)).toBe(toDnsName(name))
    expect(secretName(name)).toMatch(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/)
  })
  test('different names stay different', () => {
    const names = table.map(([name]) => name.toLowerCase())
    expect(new Set(names.map(name => toDnsName(name))).size).toBe(new Set(names).size)
    // A key in the Secret of another slot would go to that one's provider.
    expect(new Set(['openai', 'openAI', 'OpenAI'].map(secretName)).size).toBe(3)
  })
})

const pod = {
  namespace: 'llm',
  port: 3000,
  config: 'llm: {models: []}\n',
  variables: [{ variable: 'OPENAI_API_KEY', slot: 'openai' }],
  image: 'example/agentgateway:1',
}

describe('a pod that runs config.yaml itself', () => {
  const [configMap, deployment, service] = podManifests(pod)
  test('its variables come from Secrets, its config from a ConfigMap mounted as a folder', () => {
    expect(configMap).toMatchObject({ kind: 'ConfigMap', data: { 'config.yaml': pod.config } })
    const text = JSON.stringify(deployment)
    expect(text).toContain(
      '{"name":"OPENAI_API_KEY","valueFrom":{"secretKeyRef":{"name":"openai-secret","key":"Authorization"}}}',
    )
    expect(text).toContain('{"name":"config","mountPath":"/config","readOnly":true}')
    expect(text).toContain('{"name":"config","configMap":{"name":"agw-config"}}')
    expect(text).not.toContain('subPath')
    expect(text).toContain('"image":"example/agentgateway:1"')
  })
  test('it runs without rights it does not need', () => {
    expect(JSON.stringify(deployment)).toMatch(/"automountServiceAccountToken":false.*"runAsNonRoot":true/)
    expect(JSON.stringify(deployment)).toMatch(
      /"readOnlyRootFilesystem":true,"capabilities":\{"drop":\["ALL"\]\}/,
    )
  })
  test('the Service leads to it', () => {
    expect(service).toMatchObject({
      kind: 'Service',
      spec: { selector: { 'app.kubernetes.io/name': 'agw' }, ports: [{ port: 3000, targetPort: 3000 }] },
    })
  })
})

const crds = resolve(import.meta.dirname, '../../../shared/compat/kubernetes/crds')
const SCHEMAS: Readonly<Record<string, string>> = {
  AgentgatewayBackend: 'agentgateway-v1.4.1/AgentgatewayBackend.v1alpha1.schema.json',
  Gateway: 'gateway-api-v1.6.1-standard/Gateway.v1.schema.json',
  HTTPRoute: 'gateway-api-v1.6.1-standard/HTTPRoute.v1.schema.json',
  Secret: 'core/Secret.v1.schema.json',
  ConfigMap: 'core/ConfigMap.v1.schema.json',
}

function errorsOf(one: KubernetesObject): string[] {
  const file = SCHEMAS[one.kind]
  if (file === undefined) throw new Error(`no schema for ${one.kind}`)
  return schemaErrors(one, JSON.parse(readFileSync(join(crds, file), 'utf8')))
}

describe.skipIf(!existsSync(crds))(
  'the published schemas (skipped where they are not beside the project)',
  () => {
    test.each(providers)('accept %s', (_, provider) => {
      const keys = new Map([['openai', new Secret('sk-abc')]])
      const { objects, secrets } = controllerManifests({
        ...base,
        providers: [{ ...openai, ...provider }],
        keys,
      })
      for (const one of [...objects, ...secrets]) expect(errorsOf(one)).toEqual([])
    })
    test('accept the ConfigMap', () => {
      expect(
        podManifests(pod)
          .filter(one => one.kind in SCHEMAS)
          .flatMap(errorsOf),
      ).toEqual([])
    })
    test('the check itself finds what is wrong', () => {
      const [gateway, backend] = controllerManifests({ ...base, providers: [openai] }).objects
      const bent = (one: KubernetesObject | undefined, spec: object) =>
        errorsOf({ ...(one as KubernetesObject), spec })
      expect(bent(gateway, { gatewayClassName: 'a' })).toEqual(['.spec: lacks listeners'])
      expect(
        bent(gateway, { gatewayClassName: 'a', listeners: [{ name: 'a', port: 0, protocol: 'HTTP' }] })[0],
      ).toMatch(/port/)
      expect(bent(backend, { ai: { provider: { openai: { modle: 'x' } } } })).toEqual([
        '.spec.ai.provider.openai.modle: is not known',
      ])
      expect(bent(backend, { policies: { ai: { routes: { '*': 'generateContent' } } } })[0]).toMatch(
        /is none of/,
      )
      expect(errorsOf({ ...secretObject('X', 'llm', new Secret('a')) })[0]).toMatch(/metadata\.name/)
    })
  },
)
