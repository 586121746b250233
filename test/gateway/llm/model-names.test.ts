import { describe, expect, it } from 'vitest'
import { post } from '../kit/client.ts'
import { startTestGateway, type TestGateway } from '../kit/gateway.ts'
import { startUpstream } from '../kit/upstream.ts'

/** The providers that are called by a path with the model in it, and where a client names it. */
const CALLS: [title: string, provider: object, path: string, before: string, behind: string][] = [
  [
    'Azure',
    { azure: { resourceName: 'r', resourceType: 'openAI', apiVersion: '2024-10-21' } },
    '/v1/chat/completions',
    '/openai/deployments/',
    '/chat/completions?api-version=2024-10-21',
  ],
  ['Bedrock', { bedrock: { region: 'r' } }, '/v1/messages', '/model/', '/converse'],
  ['Bedrock, embeddings', { bedrock: { region: 'r' } }, '/v1/embeddings', '/model/', '/invoke'],
  [
    'Vertex AI, embeddings',
    { vertex: { projectId: 'p' } },
    '/v1/embeddings',
    '/v1/projects/p/locations/global/publishers/google/models/',
    ':predict',
  ],
  [
    'Vertex AI, Claude',
    { vertex: { projectId: 'p' } },
    '/v1/messages',
    '/v1/projects/p/locations/global/publishers/anthropic/models/',
    ':rawPredict',
  ],
  ['Gemini', { gemini: {} }, '/native', '/v1beta/models/', ':generateContent'],
]

const NAMES = [
  '.',
  '..',
  '../x',
  'x/..',
  'x/../y',
  'x/./y',
  '/x',
  'x/',
  'x//y',
  '..\\x',
  '%2e%2e',
  'x%2fy',
  'x%2F..%2Fy',
  'x?y',
  'x#y',
  'x\0y',
  'x\ny',
  'x\x7fy',
  'x\ud800',
  '',
]

/** Every suffix of a path is a shape that the provider is asked in; what is not here is native. */
const routes = {
  '/v1/chat/completions': 'completions',
  '/v1/messages': 'messages',
  '/v1/embeddings': 'embeddings',
  '*': 'generateContent',
}

function startProvider(port: number, provider: object): Promise<TestGateway> {
  // A prefix: otherwise the path to a host of one's own is the client's.
  const ai = { name: 'llm', hostOverride: `127.0.0.1:${port}`, pathPrefix: '/', provider }
  const policies = { ai: { routes } }
  const listeners = [{ routes: [{ backends: [{ ai }], policies }] }]
  return startTestGateway(JSON.stringify({ binds: [{ port: 3000, listeners }] }))
}

const asked = (model: string): object => ({ model, messages: [], input: 'hi', contents: [] })

describe.each(CALLS)('%s', (title, provider, path, before, behind) => {
  /** Of Vertex AI those alone are asked so. */
  const ofKind = title.endsWith('Claude') ? 'claude-' : ''

  // With a slash in it no name is one of Claude: it stays in the body.
  it.each(NAMES.filter(name => ofKind === '' || !name.includes('/')))(
    'a model that could lead elsewhere is refused: %j',
    async name => {
      const upstream = await startUpstream()
      const { port } = await startProvider(upstream.port, provider)
      const answer = await post(port, path, asked(ofKind === '' ? name : `anthropic/${name}`))
      expect(upstream.seen).toEqual([])
      expect(answer.status).toBe(400)
      expect(answer.body).toContain('must be the name of a model')
    },
  )

  it.each<[name: string, segment: string]>([
    ['x.y-1:0', 'x.y-1:0'],
    ['...', '...'],
    ['..x', '..x'],
    ['x y', 'x%20y'],
    ['x@1', 'x@1'],
    ['é', '%C3%A9'],
    ['x&y=z;', 'x%26y%3Dz%3B'],
  ])('any other is one segment of the path: %j', async (name, segment) => {
    const upstream = await startUpstream()
    const { port } = await startProvider(upstream.port, provider)
    await post(port, path, asked(ofKind + name))
    expect(upstream.seen.map(({ url }) => decodeOne(url))).toEqual([
      decodeOne(`${before}${ofKind}${segment}${behind}`),
    ])
  })
})

/** Azure escapes what may stand as it is. */
function decodeOne(url: string): string {
  return url.replaceAll('%3A', ':').replaceAll('%40', '@')
}
