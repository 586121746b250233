import { type Example, example } from './example.ts'

function models(...entries: readonly string[]): string {
  return `llm:
  models:
${entries.map(entry => `  - {${entry}, params: {apiKey: "$OPENAI_API_KEY"}}\n`).join('')}`
}

function claude(baseUrl: string): string {
  return `llm:
  models:
  - name: claude
    provider: anthropic
    params: {baseUrl: "${baseUrl}", apiKey: "$ANTHROPIC_API_KEY"}
`
}

const plain = (name: string, more = ''): string => `name: ${name}, provider: openAI${more}`

/** Which model gets a request. */
export const MODELS: readonly Example[] = [
  example(
    'MODEL_SHADOWED',
    models(plain('"gpt-5*"'), plain('gpt-5')),
    models(plain('gpt-5'), plain('"gpt-5*"')),
  ),
  example(
    'MODEL_PREFIX_KEPT',
    models(plain('"openai/*"')),
    models(plain('"openai/*"', `, transformation: {model: 'llmRequest.model.stripPrefix("openai/")'}`)),
  ),
  example(
    'BASE_URL_OF_A_CALL',
    claude('https://claude.example.com/v1/messages'),
    claude('https://claude.example.com/v1'),
  ),
  example('CLIENT_PATH_KEPT', claude('https://claude.example.com'), claude('https://claude.example.com/v1')),
  example(
    'INTERNAL_MODEL_UNUSED',
    models(plain('gpt-5', ', visibility: internal')),
    `${models(plain('gpt-5', ', visibility: internal'))}  virtualModels:
  - {name: best, routing: {weighted: {targets: [{model: gpt-5}]}}}
`,
  ),
]
