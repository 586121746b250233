import { describe, expect, test } from 'vitest'
import { only } from './findings-of.ts'

const MODEL = 'llm: {models: [{name: m, provider: openAI, '
const AUTH = `${MODEL}auth: `

describe('message and hint', () => {
  test.each([
    [
      'a variable written as a map',
      `${MODEL}params: {apiKey: {env: OPENAI_API_KEY}}}]}`,
      '"env" is not a key of a secret file',
      'a variable stands in place of the map: write "$NAME"',
    ],
    [
      'a provider written as in routes',
      'llm: {models: [{name: m, provider: {openAI: {}}}]}',
      '"openAI" is not a key of a provider',
      /^a provider is one word here/,
    ],
    [
      'a field of requests among the params',
      `${MODEL}params: {temperature: 1}}]}`,
      '"temperature" is not a key of the params section',
      /"defaults"/,
    ],
    [
      'one entry in place of a list',
      'routes: [{policies: {localRateLimit: {maxTokens: 5, fillInterval: 1s}}}]',
      '"localRateLimit" takes a list, and this is a map',
      'put a dash in front of each entry',
    ],
    [
      'a list of one in place of a map',
      'routes: [{policies: {cors: [{allowOrigins: ["*"]}]}}]',
      '"cors" takes a map, and this is a list',
      'leave out the dash: it takes keys, and no list of them',
    ],
    [
      'gateways in a list',
      'gateways: [{name: default, port: 3000}]',
      '"gateways" takes a map, and this is a list',
      'write the name of each as a key, with no dash, as in default: {port: 3000}',
    ],
    [
      'models by name',
      'llm: {models: {gpt-4o-mini: {provider: openAI}}}',
      '"models" takes a list, and this is a map',
      'write a list, the name of each in it, as in - {name: gpt-4o-mini, provider: openAI}',
    ],
    [
      'one model in place of a list',
      'llm: {models: {name: gpt-4o-mini, provider: openAI}}',
      '"models" takes a list, and this is a map',
      'put a dash in front of each entry',
    ],
    [
      'a provider written as in models',
      'routes: [{backends: [{ai: {name: a, provider: openAI}}]}]',
      '"provider" takes a map, and this is text',
      'write it as a key: {openAI: {}}',
    ],
    [
      'one that needs more than its name',
      'routes: [{backends: [{ai: {name: a, provider: vertex}}]}]',
      '"provider" takes a map, and this is text',
      'write it as a key: {vertex: …}',
    ],
    [
      'conditional limits where a list alone is taken',
      'llm: {models: [], policies: {localRateLimit: {conditional: [{maxTokens: 5, fillInterval: 1s}]}}}',
      '"localRateLimit" takes a list, and this is a map',
      /^write the list itself: conditional is for policies of routes/,
    ],
    [
      'a word of other gateways',
      'routes: [{policies: {retries: {attempts: 2}}}]',
      '"retries" is not a key of the policies of a route',
      'did you mean "retry"?',
    ],
    [
      'an unknown key among policies',
      'routes: [{policies: {foo: 1}}]',
      '"foo" is not a key of the policies of a route',
      /^the policies of a route take: /,
    ],
    [
      'a misspelt key',
      'routes: [{polices: {}}]',
      '"polices" is not a key of a route',
      'did you mean "policies"?',
    ],
    [
      'an unknown key',
      'mcp: {targets: [], foo: 1}',
      '"foo" is not a key of the mcp section',
      /^the mcp section takes: gateways, /,
    ],
    [
      'a key of a section inside',
      `${MODEL}apiKey: a}]}`,
      '"apiKey" is not a key of a model',
      'it belongs into "params"',
    ],
    [
      'a key of entries inside',
      'routes: [{path: {}}]',
      '"path" is not a key of a route',
      'it belongs into "matches"',
    ],
    [
      'a section without keys',
      'routes: [{policies: {a2a: {foo: 1}}}]',
      '"foo" is not a key of the a2a section',
      'the a2a section takes no keys',
    ],
    [
      'a key that goes by another name elsewhere',
      'mcp: {targets: [{name: t, stdio: {command: npx}}]}',
      '"command" is not a key of a stdio target',
      'did you mean "cmd"?',
    ],
    [
      'a wrapper that is none here',
      'gateways: {g: {port: 1, policies: {cors: {}}}}',
      '"policies" is not a key of a gateway',
      'write what stands in it one level up, without "policies"',
    ],
    [
      'a resource of Kubernetes',
      'kind: Gateway',
      '"kind" is not a key of the config',
      /^this is a resource of Kubernetes/,
    ],
    [
      'a config of LiteLLM',
      'model_list: []',
      '"model_list" is not a key of the config',
      /^this is of LiteLLM/,
    ],
    ['what agw.yaml takes', 'secrets: {}', '"secrets" is not a key of the config', /^this is for agw\.yaml/],
    ['a removed key', 'listener: {}', '"listener" is not a key of the config', /frontendPolicies now$/],
    [
      'a merge key',
      'gateways: {g: {port: 1, "<<": {}}}',
      '"<<" is not a key of a gateway',
      /applies no merge keys/,
    ],
    [
      'a word written as a map',
      `${AUTH}{copilot: {}}}]}`,
      '"copilot" is not a key of the backendAuth section',
      'copilot is a word of its own: write `backendAuth: copilot`',
    ],
    [
      'keys of two forms',
      'routes: [{policies: {jwtAuth: {issuer: i, jwks: {file: f, url: "http://u"}}}}]',
      'this is a file, and "url" belongs to another way to write it',
      'it is one of its text or a file or a URL: keep the keys of one',
    ],
    [
      'a number with a zero in front',
      'binds: [{port: "0080", listeners: []}]',
      '"port" takes a number, and with a zero in front this is text',
      'write the number without the zero',
    ],
    [
      'a client key from a file',
      'llm: {models: [], policies: {apiKey: {keys: [{key: {file: f}}]}}}',
      '"key" takes text, and this is a map',
      /^a client key has no file: write keyHash/,
    ],
    ['a missing key', 'llm: {}', '"models" is missing', 'add "models"'],
    [
      'a missing key of one of several forms',
      `${AUTH}{aws: {accessKeyId: a}}}]}`,
      '"secretAccessKey" is missing: this comes closest to an access key (it could also be the credentials of the machine)',
      'add "secretAccessKey"',
    ],
    [
      'a number as text',
      'binds: [{port: "80", listeners: []}]',
      '"port" takes a number, and this is text',
      'write a number without quotes',
    ],
    [
      'text as a number',
      'backends: [{name: 1, host: "a:1"}]',
      '"name" takes text, and this is a number',
      'put the value in quotes',
    ],
    [
      'a duration as a number',
      'routes: [{policies: {timeout: {requestTimeout: 10}}}]',
      '"requestTimeout" takes text, and this is a number',
      /^write a number with a unit/,
    ],
    [
      'a map left empty',
      'routes: [{backends: [{ai: {name: a, provider: {openAI: }}}]}]',
      '"openAI" takes a map, and this is empty',
      'write {} for an empty one, or remove the key',
    ],
    [
      'a list left empty',
      'binds: ',
      '"binds" takes a list, and this is empty',
      'write [] for an empty one, or remove the key',
    ],
    [
      'a map for a list',
      'routes: {name: a}',
      '"routes" takes a list, and this is a map',
      'put a dash in front of each entry',
    ],
    [
      'an entry of a list',
      'routes: [1]',
      'an entry of "routes" takes a map, and this is a number',
      /indented below/,
    ],
    [
      'text or a map',
      `${AUTH}{key: 1}}]}`,
      '"key" takes text or a map, and this is a number',
      'put the value in quotes',
    ],
    [
      'a map or a word',
      `${AUTH}some text}]}`,
      '"auth" takes the word copilot or a map such as {key: "$VARIABLE"}, and this is other text',
      'write a map such as {key: "$VARIABLE"}',
    ],
    [
      'nearly a word of a list',
      'llm: {models: [], policies: {apiKey: {keys: [], mode: Strct}}}',
      '"mode" takes one of "strict", "optional" or "permissive"',
      'did you mean "strict"?',
    ],
    [
      'no word of a list',
      'llm: {models: [], policies: {apiKey: {keys: [], mode: whatever}}}',
      '"mode" takes one of "strict", "optional" or "permissive"',
      'write one of them',
    ],
    [
      'a word that tells forms apart',
      `${AUTH}{gcp: {type: IdTokens}}}]}`,
      '"type" takes one of "accessToken" or "idToken"',
      'did you mean "idToken"?',
    ],
    [
      'no alternative',
      `${AUTH}{azure: {}}}]}`,
      'the azure section needs one of "implicit", "developerImplicit" or "explicitConfig", and has none',
      'add the one that is meant',
    ],
    [
      'two alternatives',
      'routes: [{backends: [{host: "a:1", backend: b}]}]',
      'a route backend takes only one of "host" and "backend", and has both',
      'keep one of "host" or "backend"',
    ],
    [
      'too few',
      'llm: {models: [], virtualModels: [{name: a, routing: {weighted: {targets: []}}}]}',
      '"targets" takes at least 1 entry',
      'add an entry',
    ],
    [
      'too much',
      'binds: [{port: 70000, listeners: []}]',
      '"port" takes a number of at most 65535',
      'write a number of at most 65535',
    ],
    [
      'empty text',
      'backends: [{name: "", host: "a:1"}]',
      '"name" is empty',
      'write a value, or remove the key',
    ],
    [
      'another type for the whole',
      '- a',
      'the config takes a map, and this is a list',
      'leave out the dash: it takes keys, and no list of them',
    ],
  ])('%s', (_, yaml, message, hint) => {
    const finding = only(yaml)
    expect(finding.message).toBe(message)
    if (typeof hint === 'string') expect(finding.hint).toBe(hint)
    else expect(finding.hint).toMatch(hint)
  })
})
