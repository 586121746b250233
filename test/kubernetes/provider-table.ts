import type { ManifestProvider } from '../../src/kubernetes/index.ts'

export const openai: ManifestProvider = { name: 'openai', provider: { kind: 'openAI' }, auth: 'secret' }

/** What differs from `openai` → the spec of its AgentgatewayBackend. */
export const providers: [what: string, provider: Partial<ManifestProvider>, spec: object][] = [
  [
    'OpenAI with a model and routes',
    {
      provider: { kind: 'openAI', model: 'gpt-4o-mini' },
      routes: { '/v1/chat/completions': 'completions', '/v1/responses': 'responses', '*': 'passthrough' },
    },
    {
      ai: { provider: { openai: { model: 'gpt-4o-mini' } } },
      policies: {
        auth: { secretRef: { name: 'openai-secret' } },
        ai: {
          routes: { '/v1/chat/completions': 'Completions', '/v1/responses': 'Responses', '*': 'Passthrough' },
        },
      },
    },
  ],
  [
    'Anthropic',
    { name: 'claude', provider: { kind: 'anthropic' }, routes: { '/count_tokens': 'anthropicTokenCount' } },
    {
      ai: { provider: { anthropic: {} } },
      policies: {
        auth: { secretRef: { name: 'claude-secret' } },
        ai: { routes: { '/count_tokens': 'AnthropicTokenCount' } },
      },
    },
  ],
  [
    'Gemini, whose own paths have no word yet',
    { provider: { kind: 'gemini' }, routes: { ':generateContent': 'generateContent', '*': 'passthrough' } },
    {
      ai: { provider: { gemini: {} } },
      policies: { auth: { secretRef: { name: 'openai-secret' } }, ai: { routes: { '*': 'Passthrough' } } },
    },
  ],
  [
    'an OpenAI-compatible host over TLS',
    { baseUrl: 'https://api.groq.com/openai/v1/' },
    {
      ai: { provider: { openai: {}, host: 'api.groq.com', port: 443, pathPrefix: '/openai/v1' } },
      policies: { auth: { secretRef: { name: 'openai-secret' } }, tls: {} },
    },
  ],
  [
    'a host in plain text on a port of its own',
    { baseUrl: 'http://ollama.llm.svc:11434' },
    {
      ai: { provider: { openai: {}, host: 'ollama.llm.svc', port: 11434, pathPrefix: '/' } },
      policies: { auth: { secretRef: { name: 'openai-secret' } } },
    },
  ],
  [
    'an IPv6 address',
    { baseUrl: 'https://[::1]:8443/v1' },
    {
      ai: { provider: { openai: {}, host: '::1', port: 8443, pathPrefix: '/v1' } },
      policies: { auth: { secretRef: { name: 'openai-secret' } }, tls: {} },
    },
  ],
  [
    'Azure with its own header',
    {
      provider: { kind: 'azure', resourceName: 'res', resourceType: 'openAI', apiVersion: 'v1' },
      header: 'api-key',
    },
    {
      ai: { provider: { azure: { resourceName: 'res', resourceType: 'OpenAI', apiVersion: 'v1' } } },
      policies: { auth: { secretRef: { name: 'openai-secret' }, location: { header: { name: 'api-key' } } } },
    },
  ],
  [
    'Azure Foundry, whose project must be named',
    { provider: { kind: 'azure', resourceName: 'res', resourceType: 'foundry' } },
    {
      ai: { provider: { azure: { resourceName: 'res', resourceType: 'Foundry', projectName: 'res' } } },
      policies: { auth: { secretRef: { name: 'openai-secret' } } },
    },
  ],
  [
    'Vertex',
    { provider: { kind: 'vertex', projectId: 'p', region: 'europe-west1', model: 'gemini-2.5-flash' } },
    {
      ai: { provider: { vertexai: { projectId: 'p', region: 'europe-west1', model: 'gemini-2.5-flash' } } },
      policies: { auth: { secretRef: { name: 'openai-secret' } } },
    },
  ],
  [
    'Bedrock with an API key',
    { provider: { kind: 'bedrock', region: 'eu-central-1' } },
    {
      ai: { provider: { bedrock: { region: 'eu-central-1' } } },
      policies: { auth: { secretRef: { name: 'openai-secret' } } },
    },
  ],
  [
    'a custom provider with a path',
    {
      provider: {
        kind: 'custom',
        formats: [{ type: 'completions' }, { type: 'rerank', path: '/v2/rerank' }],
      },
      baseUrl: 'https://llm.example.com',
    },
    {
      ai: {
        provider: {
          custom: { formats: [{ type: 'Completions' }, { type: 'Rerank', path: '/v2/rerank' }] },
          host: 'llm.example.com',
          port: 443,
        },
      },
      policies: { auth: { secretRef: { name: 'openai-secret' } }, tls: {} },
    },
  ],
  [
    "the client's own credential",
    { auth: 'passthrough' },
    { ai: { provider: { openai: {} } }, policies: { auth: { passthrough: {} } } },
  ],
  [
    "the client's own credential in a header",
    { auth: 'passthrough', header: 'x-llm-key' },
    {
      ai: { provider: { openai: {} } },
      policies: { auth: { passthrough: {}, location: { header: { name: 'x-llm-key' } } } },
    },
  ],
]
