import { inspect } from 'node:util'
import { describe, expect, expectTypeOf, test } from 'vitest'
import { z } from 'zod'
import { type Config, configSchema, type LlmModel, type SecretValue } from '../../../src/config/schema.ts'
import { valueAt } from '../../../src/config/union-branch.ts'
import { Secret } from '../../../src/secrets/secret.ts'

const CANARY = 'canary-3f1c-of-this-test'
const FILE = { file: 'key.txt' }

/** Field of the secret → a config with a secret there. */
const TEXT_OR_FILE: Readonly<Record<string, (secret: unknown) => unknown>> = {
  'llm.models.0.params.apiKey': apiKey => model({ params: { apiKey } }),
  'llm.models.0.auth.key': key => model({ auth: { key } }),
  'llm.models.0.auth.key.value': value => model({ auth: { key: { value } } }),
  'llm.models.0.auth.credentials.0.key': key =>
    model({ auth: { credentials: [{ location: { header: { name: 'a' } }, key }] } }),
  'llm.models.0.auth.gcp.credential': credential => model({ auth: { gcp: { credential } } }),
  'llm.models.0.auth.jwtSign.signingKey': signingKey => model({ auth: { jwtSign: { signingKey } } }),
  'llm.models.0.auth.oauthTokenExchange.clientAuth.clientSecret': clientSecret =>
    model({ auth: { oauthTokenExchange: { host: 'a:1', clientAuth: { clientId: 'a', clientSecret } } } }),
  'llm.providers.0.params.apiKey': apiKey => ({
    llm: { models: [], providers: [{ name: 'a', provider: 'openai', params: { apiKey } }] },
  }),
  'llm.policies.basicAuth.htpasswd': htpasswd => ({
    llm: { models: [], policies: { basicAuth: { htpasswd } } },
  }),
  'routes.0.policies.backendAuth.key': key => ({ routes: [{ policies: { backendAuth: { key } } }] }),
  'backends.0.ai.policies.backendAuth.key': key => ({
    backends: [
      { name: 'a', ai: { name: 'a', provider: { openAI: {} }, policies: { backendAuth: { key } } } },
    ],
  }),
}

const TEXT_ONLY: Readonly<Record<string, (secret: unknown) => unknown>> = {
  'llm.policies.apiKey.keys.0.key': key => ({
    llm: { models: [], policies: { apiKey: { keys: [{ key }] } } },
  }),
  'llm.models.0.auth.aws.secretAccessKey': secretAccessKey =>
    model({ auth: { aws: { accessKeyId: 'a', secretAccessKey } } }),
  'llm.models.0.auth.azure.explicitConfig.clientSecret.client_secret': client_secret =>
    model({
      auth: {
        azure: { explicitConfig: { clientSecret: { tenant_id: 'a', client_id: 'b', client_secret } } },
      },
    }),
  'llm.policies.oidc.clientSecret': clientSecret => ({
    llm: {
      models: [],
      policies: { oidc: { issuer: 'a', clientId: 'a', redirectURI: 'a', clientSecret } },
    },
  }),
  'config.database.url': url => ({ config: { database: { url } } }),
  'config.tracing.headers.authorization': authorization => ({
    config: { tracing: { headers: { authorization } } },
  }),
}

function model(rest: object): unknown {
  return { llm: { models: [{ name: 'm', provider: 'openai', ...rest }] } }
}

function at(config: unknown, path: string): unknown {
  return valueAt(
    config,
    path.split('.').map(step => (/^\d+$/.test(step) ? Number(step) : step)),
  )
}

describe('a secret comes out as a Secret', () => {
  test.each(Object.entries({ ...TEXT_OR_FILE, ...TEXT_ONLY }))('%s', (path, config) => {
    const parsed = configSchema.parse(config(CANARY))
    const secret = at(parsed, path)
    expect(secret).toBeInstanceOf(Secret)
    expect((secret as Secret).equals(new Secret(CANARY))).toBe(true)
    expect(JSON.stringify(parsed) + inspect(parsed, { depth: 30 })).not.toContain(CANARY)
  })

  test('session.key', () => {
    const parsed = configSchema.parse({ config: { session: { key: 'ab'.repeat(32) } } })
    expect(parsed.config?.session?.key).toBeInstanceOf(Secret)
  })
})

describe('a file stays a reference', () => {
  test.each(Object.entries(TEXT_OR_FILE))('%s', (path, config) => {
    expect(at(configSchema.parse(config(FILE)), path)).toEqual(FILE)
  })
})

test.each(Object.entries(TEXT_ONLY))('%s takes no file', (_, config) => {
  expect(configSchema.safeParse(config(FILE)).success).toBe(false)
})

test('nothing else is changed: no default is filled in, no alias renamed, null kept', () => {
  const data = {
    config: null,
    binds: [{ port: 1, listeners: [{ routes: [{ backends: [{ host: 'a:1' }], policies: null }] }] }],
    frontendPolicies: { logging: {} },
    llm: {
      models: [{ name: 'a', provider: 'openai', backendTLS: {}, defaults: { any: [1, { thing: true }] } }],
    },
  }
  expect(configSchema.parse(data)).toEqual(data)
})

test('the neighbours of a bare key stay, for a rule to warn about', () => {
  const auth = { key: FILE, location: { header: { name: 'a' } }, passthrough: {} }
  expect(at(configSchema.parse(model({ auth })), 'llm.models.0.auth')).toEqual(auth)
})

test('types', () => {
  expectTypeOf<NonNullable<NonNullable<LlmModel['params']>['apiKey']>>().toEqualTypeOf<SecretValue>()
  expectTypeOf<NonNullable<Config['binds']>[number]['port']>().toEqualTypeOf<number | null | undefined>()
})

describe('the JSON Schema', () => {
  const schema = z.toJSONSchema(configSchema, { io: 'input' }) as JsonSchema

  interface JsonSchema {
    $defs: Record<string, JsonSchema>
    properties: Record<string, JsonSchema>
    description?: string
    type?: string
    oneOf?: unknown
    default?: unknown
    additionalProperties?: unknown
  }

  test('has every top-level key and names for its sections', () => {
    expect(Object.keys(schema.properties).sort()).toEqual([
      'backends',
      'binds',
      'config',
      'frontendPolicies',
      'gateways',
      'llm',
      'mcp',
      'policies',
      'routeGroups',
      'routes',
      'services',
      'tcpRoutes',
      'ui',
      'workloads',
    ])
    expect(Object.keys(schema.$defs)).toEqual(
      expect.arrayContaining(['Route', 'LlmModel', 'BackendAuth', 'RoutePolicies', 'SecretValue']),
    )
    expect(Object.keys(schema.$defs).filter(name => name.startsWith('__'))).toEqual([])
  })

  test('closes every section, describes it, and tells defaults and alternatives', () => {
    const sections = Object.values(schema.$defs).filter(one => one.properties !== undefined)
    expect(sections.length).toBeGreaterThan(50)
    for (const one of sections) {
      expect(one.additionalProperties).toBe(false)
      expect(one.description).toMatch(/^.+[.]$/)
    }
    expect(schema.$defs['RouteBackend']?.properties['weight']?.default).toBe(1)
    expect(schema.$defs['RouteBackend']?.oneOf).toContainEqual({ required: ['host'] })
  })
})
