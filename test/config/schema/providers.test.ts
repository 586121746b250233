import { type Accepted, AUTH, BACKEND, inAuth, inBackend, type Refused, testShapes } from './shapes.ts'

const accepted: Accepted = {
  'model names': ['gpt', '"*"', 'gpt-*', '"*-mini"'].map(
    name => `llm: {models: [{name: ${name}, provider: openai}]}`,
  ),
  'providers with what they need': [
    'provider: vertex, params: {vertexProject: p}',
    'provider: bedrock, params: {awsRegion: r}',
    'provider: azure, params: {azureResourceName: n, azureResourceType: foundry}',
    'provider: {custom: {formats: [{type: completions}]}}, params: {baseUrl: "https://a"}',
    'provider: {custom: {formats: [{type: completions}]}}, params: {hostOverride: "a:1"}',
    'provider: {reference: r}, params: {model: x}',
    'provider: groq',
  ].map(rest => `llm: {models: [{name: m, ${rest}}]}`),
  'backendAuth in all its readings': [
    '{key: "$KEY"}',
    '{key: {file: k.txt}}',
    '{key: {value: {file: k.txt}, location: {header: {name: api-key}}}}',
    '{key: a, location: {header: {name: api-key}}}',
    '{key: a, credentials: [{location: {cookie: {name: c}}, key: b}]}',
    '{key: a, passthrough: {}}',
    '{key: {file: f, location: {queryParameter: {name: key}}}}',
    '{key: ""}',
    '{passthrough: {}}',
    'copilot',
    '{gcp: {}}',
    '{gcp: {type: idToken, audience: a}}',
    '{aws: {}}',
    '{aws: {accessKeyId: a, secretAccessKey: b}}',
    '{aws: {assumeRole: {roleArn: a, tags: [{key: k, value: v}]}}}',
    '{azure: {implicit: {}}}',
    '{azure: {explicitConfig: {clientSecret: {tenant_id: t, client_id: c, client_secret: s}}}}',
    '{jwtSign: {signingKey: {file: k.pem}, ttl: 300s}}',
    '{oauthTokenExchange: {host: "https://sts.example.com", clientAuth: {clientId: a, clientSecret: b}}}',
    '{credentials: [{location: {header: {name: x}}, key: {file: f}}]}',
    'null',
  ].map(inAuth),
}

const refused: Refused = [
  [
    'hostOverride without a port',
    inBackend('{ai: {name: a, provider: {openAI: {}}, hostOverride: a}}'),
    `BAD_HOST ${BACKEND}.ai.hostOverride`,
  ],
  ...['a*b', '"**"', '"*a*"'].map(
    name =>
      [
        `model name ${name}`,
        `llm: {models: [{name: ${name}, provider: openai}]}`,
        'BAD_MODEL_NAME llm.models.0.name',
      ] as const,
  ),
  ['vertex alone', 'llm: {models: [{name: m, provider: vertex}]}', 'MISSING_KEY llm.models.0'],
  [
    'bedrock alone',
    'llm: {models: [{name: m, provider: bedrock, params: {}}]}',
    'MISSING_KEY llm.models.0.params',
  ],
  [
    'azure alone',
    'llm: {models: [{name: m, provider: azure}]}',
    'MISSING_KEY llm.models.0',
    'MISSING_KEY llm.models.0',
  ],
  [
    'custom alone',
    'llm: {models: [{name: m, provider: {custom: {formats: []}}}]}',
    'BAD_LENGTH llm.models.0.provider.custom.formats',
    'MISSING_KEY llm.models.0',
  ],
  [
    'reference with parameters',
    'llm: {models: [{name: m, provider: {reference: r}, params: {apiKey: a}}]}',
    'KEY_CONFLICT llm.models.0.params.apiKey',
  ],
  [
    'provider that refers to another',
    'llm: {models: [], providers: [{name: p, provider: {reference: r}}]}',
    'KEY_CONFLICT llm.providers.0.provider.reference',
  ],
  [
    'provider by an unknown name',
    'llm: {models: [{name: m, provider: opnai}]}',
    'UNKNOWN_VALUE llm.models.0.provider',
  ],
  [
    'two providers',
    inBackend('{ai: {name: a, provider: {openAI: {}, gemini: {}}}}'),
    `MANY_BRANCHES ${BACKEND}.ai.provider.gemini`,
  ],
  [
    'provider without its map',
    inBackend('{ai: {name: a, provider: {openAI: }}}'),
    `WRONG_TYPE ${BACKEND}.ai.provider.openAI`,
  ],
  ['groups beside a name', inBackend('{ai: {groups: [], name: a}}'), `MANY_BRANCHES ${BACKEND}.ai.name`],
  ['two kinds of backend', inBackend('{host: "a:1", backend: b}'), `MANY_BRANCHES ${BACKEND}.backend`],
  ['no kind of backend', inBackend('{weight: 1}'), `NO_BRANCH ${BACKEND}`],
  ['auth: nothing', inAuth('{}'), `NO_BRANCH ${AUTH}`],
  ['auth: a number', inAuth('{key: 123}'), `WRONG_TYPE ${AUTH}.key`],
  ['auth: a bare key as text', inAuth('sk-abc'), `WRONG_TYPE ${AUTH}`],
  ['auth: nearly copilot', inAuth('copilt'), `UNKNOWN_VALUE ${AUTH}`],
  ['auth: passthrough without its map', inAuth('{passthrough: }'), `WRONG_TYPE ${AUTH}.passthrough`],
  ['auth: the wrong case of a word', inAuth('{gcp: {type: AccessToken}}'), `UNKNOWN_VALUE ${AUTH}.gcp.type`],
  ['auth: azure without a kind', inAuth('{azure: {}}'), `NO_BRANCH ${AUTH}.azure`],
  ['auth: half an access key', inAuth('{aws: {accessKeyId: a}}'), `MISSING_KEY ${AUTH}.aws`],
  ['auth: two kinds', inAuth('{key: {value: a}, passthrough: {}}'), `MANY_BRANCHES ${AUTH}.passthrough`],
  [
    'auth: location outside',
    inAuth('{key: {value: a}, location: {cookie: {name: a}}}'),
    `UNKNOWN_KEY ${AUTH}.location`,
  ],
  ['auth: misspelt value', inAuth('{key: {valeu: a}}'), `UNKNOWN_KEY ${AUTH}.key.valeu`],
]

testShapes(accepted, refused)
