import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { describe, expect, it } from 'vitest'
import { explainRoute } from '../../../src/gateway/explain/explain.ts'
import { runtimeOf } from '../kit/config.ts'

describe('explainRoute of a request with a credential', () => {
  const routed = (policies: object) =>
    runtimeOf(
      JSON.stringify({
        routes: [{ backends: [{ host: 'a.test:80' }], policies }],
        gateways: { default: { port: 1 } },
      }),
    )
  const asks = (policies: object, authorization?: string) =>
    explainRoute(routed(policies), {
      method: 'GET',
      path: '/',
      ...(authorization && { headers: { authorization } }),
    })
  const rules = { authorization: { rules: [{ require: 'jwt.sub == "alice"' }] } }
  const issued = async () => {
    const { publicKey, privateKey } = await generateKeyPair('ES256')
    const jwks = JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid: 'one', alg: 'ES256' }] })
    const token = (sub: string) =>
      new SignJWT({ iss: 'https://issuer.test', exp: 4102444800, sub })
        .setProtectedHeader({ alg: 'ES256', kid: 'one' })
        .sign(privateKey)
    return { jwks, token }
  }

  it('checks a token, and asks the rules for its claims', async () => {
    const { jwks, token } = await issued()
    const policies = { jwtAuth: { mode: 'strict', issuer: 'https://issuer.test', jwks }, ...rules }
    const admitted = await asks(policies, `Bearer ${await token('alice')}`)
    expect(admitted).toMatchObject({
      answer: undefined,
      undecided: [],
      destinations: [{ backend: 'a.test:80' }],
    })
    expect((await asks(policies, `Bearer ${await token('bob')}`)).answer?.status).toBe(403)
    expect((await asks(policies, 'Bearer x.y.z')).answer?.status).toBe(401)
    expect((await asks(policies)).answer).toMatchObject({
      status: 401,
      body: 'authentication failure: no bearer token found',
    })
  })

  it('says what is not decided without keys that would have to be fetched', async () => {
    const url = 'https://issuer.test/jwks'
    const policies = { jwtAuth: { mode: 'strict', issuer: 'https://issuer.test', jwks: { url } }, ...rules }
    const explained = await asks(policies, 'Bearer x.y.z')
    expect(explained.undecided).toEqual([
      { name: 'jwtAuth', path: 'routes[0].policies.jwtAuth', needs: `the keys at ${url}` },
      { name: 'authorization', path: 'routes[0].policies.authorization', needs: `the keys at ${url}` },
    ])
    expect(explained).toMatchObject({ answer: undefined, destinations: [{ backend: 'a.test:80' }] })
    expect((await asks(policies)).answer?.status).toBe(401)
  })

  it('shows no credential of the query, where it is not taken out because nobody knows whether it is good', async () => {
    const location = { queryParameter: { name: 'ticket' } }
    const jwks = { url: 'https://issuer.test/jwks' }
    const jwtAuth = { mode: 'strict', issuer: 'https://issuer.test', jwks, location }
    const explained = await explainRoute(routed({ jwtAuth }), {
      method: 'GET',
      path: '/?ticket=x.canary.z&a=b',
    })
    expect(explained.destinations[0]?.upstream.url).toBe('http://a.test/?ticket=<redacted>&a=b')
  })

  it('tells where a policy looks for what is missing', async () => {
    const { answer } = await asks({
      apiKey: { mode: 'strict', keys: [], location: { cookie: { name: 'team' } } },
    })
    expect(answer?.asks).toEqual({ place: { cookie: 'team' }, isPair: false })
    expect((await asks({ authorization: { rules: [{ deny: 'true' }] } })).answer?.asks).toBeUndefined()
  })

  it('compares a password, also one whose hash takes a thread', async () => {
    const basicAuth = {
      mode: 'strict',
      htpasswd:
        'alice:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=\nbob:$2y$04$CS7yFxZjlSK7blSzqyGbquJHyAKYBh8sVK2BIZgbBPTQ4kyZ3bAvG',
    }
    const basic = (pair: string) => asks({ basicAuth }, `Basic ${Buffer.from(pair).toString('base64')}`)
    expect((await basic('alice:password')).answer).toBeUndefined()
    for (const pair of ['alice:wrong', 'bob:wrong']) expect((await basic(pair)).answer?.status).toBe(401)
  })

  it('shows the request as the upstream would be sent it, and no value that may be a secret', async () => {
    const runtime = runtimeOf(`
llm:
  models:
  - {name: m, provider: anthropic, params: {model: claude, apiKey: sk-canary-0123456789}, requestHeaders: {set: {x-signed: canary-too}}}
`)
    const { destinations } = await explainRoute(runtime, {
      method: 'POST',
      path: '/v1/messages',
      headers: {
        cookie: 'canary=1',
        accept: 'text/plain',
        'sec-websocket-key': 'bm9uY2U=',
        'sec-websocket-protocol': 'openai-insecure-api-key.canary',
      },
      body: '{"model":"m","max_tokens":1,"messages":[]}',
    })
    const [{ upstream, key } = { upstream: undefined, key: undefined }] = destinations
    expect(JSON.parse(upstream?.body ?? '')).toMatchObject({ model: 'claude', max_tokens: 1 })
    expect(key).toMatchObject({ slot: 'llm.models[0].params.apiKey', level: 'model' })
    const values = Object.fromEntries(
      upstream?.headers.map(({ name, value }) => [name.toLowerCase(), value]) ?? [],
    )
    expect(values).toMatchObject({
      accept: 'text/plain',
      host: 'api.anthropic.com',
      'sec-websocket-key': 'bm9uY2U=',
    })
    expect(Object.keys(values)).toEqual(expect.arrayContaining(['x-api-key', 'x-signed', 'cookie']))
    expect(JSON.stringify(destinations)).not.toContain('canary')
  })
})
