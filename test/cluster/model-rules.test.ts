import { describe, expect, it } from 'vitest'
import { exported, GATEWAY } from './exported.ts'

describe('who may use a model', () => {
  const models = (list: string, more = '') => exported(`${GATEWAY}llm: { ${more} models: [${list}] }\n`)

  it('is asked for by a policy of the rule that the model is', () => {
    const { of, left, rules } = models(
      `{ name: a, provider: openAI, authorization: { rules: ['jwt.a', { allow: 'jwt.b' }, { deny: 'jwt.c' }, { require: 'jwt.d' }] } }, { name: b, provider: openAI }`,
      `policies: { authorization: { rules: ['jwt.e'] } },`,
    )
    expect(left).toEqual([])
    expect(rules.map(rule => rule['name'])).toEqual(['model-1', undefined])
    const own = of('AgentgatewayPolicy').filter(one => JSON.stringify(one['spec']).includes('"model-1"'))
    expect(own.map(one => one['spec'])).toEqual(
      [
        { action: 'Deny', policy: { matchExpressions: ['jwt.c'] } },
        { action: 'Require', policy: { matchExpressions: ['jwt.d', '(jwt.a\n) || (jwt.b\n)'] } },
      ].map(authorization => ({
        targetRefs: [
          { group: 'gateway.networking.k8s.io', kind: 'HTTPRoute', name: 'llm', sectionName: 'model-1' },
        ],
        traffic: { authorization },
      })),
    )
  })

  it('is required as it stands where one rule allows', () => {
    const { traffic } = models(`{ name: a, provider: openAI, authorization: { rules: ['jwt.a'] } }`)
    expect(traffic).toContainEqual({
      authorization: { action: 'Require', policy: { matchExpressions: ['jwt.a'] } },
    })
  })

  it.each([
    [
      'another model would take what it refuses',
      `{ name: "a*", provider: openAI, authorization: { rules: ['jwt.a'] } }, { name: "*", provider: openAI }`,
      '',
      'goes to model 2 of the list here, and to none there',
    ],
    [
      'it looks at what was changed before',
      `{ name: a, provider: openAI, authorization: { rules: ['jwt.a'] } }`,
      `policies: { transformations: { request: { remove: [x-a] } } },`,
      'come behind it there',
    ],
  ])('is left over where %s', (_, list, more, why) => {
    const { left } = models(list, more)
    expect(left).toEqual([expect.stringContaining(why)])
    expect(left[0]).toContain('requests that it stops would pass there')
  })
})
