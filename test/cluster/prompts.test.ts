import { describe, expect, it } from 'vitest'
import { exported, GATEWAY } from './exported.ts'

/** `ai` of the first backend, without its kinds of requests, and what is left over. */
function aiOf(text: string): { left: string[]; ai: object | undefined } {
  const { left, of } = exported(text)
  const spec = of('AgentgatewayBackend')[0]?.['spec'] as
    | { policies?: { ai?: { routes?: object } } }
    | undefined
  const { routes: _, ...ai } = spec?.policies?.ai ?? {}
  return { left, ai }
}

const model = (fields: string): string =>
  `${GATEWAY}llm: { models: [{ name: "*", provider: openAI, ${fields} }] }\n`
const route = (own: string, around: string): string =>
  `${GATEWAY}routes: [{ backends: [{ ai: { name: a, provider: { openAI: {} } }, policies: { ai: { ${own} } } }], policies: { ai: { ${around} } } }]\n`

describe('what is done with requests for a model', () => {
  const table: [what: string, text: string, ai: object][] = [
    [
      'fields of a model',
      model(
        `defaults: { temperature: 0.2, stop: [a] }, overrides: { user: x }, transformation: { model: 'llmRequest.model.stripPrefix("a/")' }, promptCaching: { cacheTools: true }`,
      ),
      {
        defaults: [
          { field: 'temperature', value: 0.2 },
          { field: 'stop', value: ['a'] },
        ],
        overrides: [{ field: 'user', value: 'x' }],
        transformations: [{ field: 'model', expression: 'llmRequest.model.stripPrefix("a/")' }],
        promptCaching: { cacheTools: true },
      },
    ],
    [
      'what a backend says, in the place of what its route says of the same',
      route(
        'defaults: { a: 1 }, modelAliases: { fast: m }',
        'defaults: { a: 2, b: 3 }, overrides: { c: 4 }, modelAliases: { slow: n }',
      ),
      {
        defaults: [{ field: 'a', value: 1 }],
        overrides: [{ field: 'c', value: 4 }],
        modelAliases: { fast: 'm' },
      },
    ],
    [
      'messages',
      route('', 'prompts: { prepend: [{ role: system, content: hi }] }'),
      { prompt: { prepend: [{ role: 'system', content: 'hi' }] } },
    ],
    [
      'messages of the backend alone',
      route(
        'prompts: { append: [{ role: user, content: a }] }',
        'prompts: { append: [{ role: user, content: b }] }',
      ),
      { prompt: { append: [{ role: 'user', content: 'a' }] } },
    ],
    [
      'patterns that are masked or refused',
      model(
        `guardrails: { streaming: Enabled, request: [{ regex: { action: reject, rules: [{ builtin: ssn }, { builtin: creditCard }, { pattern: "a+" }] }, rejection: { body: no, status: 400 } }], response: [{ regex: { rules: [{ builtin: caSin }] } }] }`,
      ),
      {
        promptGuard: {
          streaming: 'Enabled',
          request: [
            {
              regex: { action: 'Reject', builtins: ['Ssn', 'CreditCard'], matches: ['a+'] },
              response: { message: 'no', statusCode: 400 },
            },
          ],
          response: [{ regex: { action: 'Mask', builtins: ['CaSin'] } }],
        },
      },
    ],
  ]
  it.each(table)('has %s', (_, text, ai) => {
    expect(aiOf(text)).toEqual({ left: [], ai })
  })

  const PASSES = 'requests that it stops would pass there'
  const refused: [what: string, text: string, left: string][] = [
    [
      'a guard that calls somebody',
      model('guardrails: { request: [{ webhook: { target: { host: "h.example.com:80" } } }] }'),
      `llm.models[0].guardrails: of its guards this version writes patterns alone; ${PASSES}`,
    ],
    [
      'a ready pattern that masks in front of another',
      model('guardrails: { request: [{ regex: { rules: [{ builtin: ssn }, { pattern: a }] } }] }'),
      `llm.models[0].guardrails: the controller masks by ready patterns last, and here one stands in front of one of your own; ${PASSES}`,
    ],
    [
      'more guards than fit',
      model(
        `guardrails: { response: [${Array(9).fill('{ regex: { rules: [{ builtin: ssn }] } }').join()}] }`,
      ),
      `llm.models[0].guardrails: the controller takes no more than 8 guards a side; ${PASSES}`,
    ],
    [
      'a field from a variable',
      model('overrides: { user: "$TEAM" }'),
      'llm.models[0].overrides: a variable in it may hold a secret, and a manifest would show it',
    ],
  ]
  it.each(refused)('leaves out %s', (_, text, left) => {
    expect(aiOf(text).left).toEqual(expect.arrayContaining([left]))
    expect(aiOf(text).ai).toEqual({})
  })
})
