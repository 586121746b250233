import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { agw, tempFolder } from '../helpers/agw.ts'
import { keyLike } from '../helpers/keys.ts'

const [ROUTE_KEY, BACKEND_KEY] = [keyLike('openai', 'route'), keyLike('openai', 'backend')]

let folder: string
let port: number
/** Connections to the provider, the host of the key set and whatever else may be called. */
let calls = 0
beforeEach(async () => {
  folder = await tempFolder()
  calls = 0
  const server = createServer(socket => {
    calls++
    socket.destroy()
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  port = (server.address() as { port: number }).port
})

function routes(more: object = {}): object[] {
  const backendAuth = (key: string) => ({ backendAuth: { key } })
  const ai = { name: 'openai', provider: { openAI: {} }, hostOverride: `127.0.0.1:${port}` }
  const backends = [{ ai, policies: backendAuth(BACKEND_KEY) }]
  const policies = {
    timeout: { requestTimeout: '9s' },
    requestHeaderModifier: { set: { 'x-team': 'canary' } },
    ...backendAuth(ROUTE_KEY),
  }
  return [
    { name: 'exact', matches: [{ path: { exact: '/v1' } }], backends, ...more },
    { name: 'get', matches: [{ path: { pathPrefix: '/v1' }, method: 'GET' }], backends, ...more },
    {
      name: 'header',
      matches: [{ path: { pathPrefix: '/v1' }, headers: [{ name: 'x-a', value: { exact: 'b' } }] }],
      backends,
      ...more,
    },
    { name: 'host', hostnames: ['other.test'], backends, ...more },
    { name: 'all', policies, backends, ...more },
  ]
}

const jwtAuth = () => ({
  mode: 'optional',
  issuer: 'https://issuer.test',
  jwks: { url: `http://127.0.0.1:${port}/` },
})
const cors = { allowOrigins: ['https://page.test'] }

const STYLES = [
  {
    style: 'binds',
    config: () => ({
      binds: [{ port: 3000, listeners: [{ policies: { cors, jwtAuth: jwtAuth() }, routes: routes() }] }],
    }),
    listener: 'listener0',
    level: 'listener',
    above: 'binds[0].listeners[0].policies.',
    below: 'binds[0].listeners[0].',
  },
  {
    style: 'gateways and routes',
    config: () => ({ gateways: { default: { port: 3000, cors, jwtAuth: jwtAuth() } }, routes: routes() }),
    listener: 'default',
    level: 'gateway',
    above: 'gateways.default.',
    below: '',
  },
]

/** One line for each, blanks between words as one. */
const linesOf = (text: string): string[] =>
  text.split('\n').flatMap(line => (line === '' ? [] : [line.replaceAll(/ +/g, ' ').trim()]))

describe.each(STYLES)(
  'agw test-route in the style of $style',
  ({ config, listener, level, above, below }) => {
    const put = () => writeFile(join(folder, 'config.yaml'), JSON.stringify(config()))
    const way = () => [
      'request POST /v1/chat/completions Host: localhost model: gpt-4o-mini',
      'bind bind/3000',
      `listener ${listener}`,
      `route default/exact ${below}routes[0] not this one: another path`,
      `route default/get ${below}routes[1] not this one: another method`,
      `route default/header ${below}routes[2] not this one: other headers`,
      `route default/all ${below}routes[4] matches`,
      `backend openai ${below}routes[4].backends[0].ai`,
      'provider openai',
      `policy cors ${level} ${above}cors`,
      `policy jwtAuth ${level} ${above}jwtAuth`,
      `policy requestHeaderModifier route ${below}routes[4].policies.requestHeaderModifier`,
      `policy timeout route ${below}routes[4].policies.timeout`,
      `policy backendAuth backend ${below}routes[4].backends[0].policies.backendAuth`,
    ]
    const KEY_LINE =
      /^key .*: sk-proj-…\S+ sha256:[0-9a-f]{8}; goes into header authorization, from the backend$/

    it('explains the way of a request, and calls nobody for it', async () => {
      await put()
      const { status, stdout, stderr } = await agw(['test-route', '--explain'], { cwd: folder })
      expect(status, stderr).toBe(0)
      const lines = linesOf(stdout)
      expect(lines.slice(0, way().length)).toEqual(way())
      expect(lines[way().length]).toMatch(KEY_LINE)
      expect(lines).toContain(`upstream POST http://127.0.0.1:${port}/v1/chat/completions`)
      expect(stdout).toMatch(/authorization: \(not shown\)[\s\S]*x-team: \(not shown\)/)
      expect(stdout).not.toContain('answer ')
      for (const secret of [ROUTE_KEY, BACKEND_KEY, 'canary']) expect(stdout + stderr).not.toContain(secret)
      expect(calls).toBe(0)
    })

    it.each([
      ['whole', [], '"object":"chat.completion"'],
      ['streamed', ['--stream'], '"object":"chat.completion.chunk"'],
    ])('shows it, the answer and its times when that is %s', async (_, args, answer) => {
      await put()
      const { status, stdout, stderr } = await agw(['test-route', '--mock', ...args], { cwd: folder })
      expect(status, stderr).toBe(0)
      expect(linesOf(stdout).slice(0, way().length)).toEqual(way())
      expect(stdout).toMatch(
        /^answer {5}200 from the mock {2}head [\d.]+ ms, first byte [\d.]+ ms, all [\d.]+ ms$/m,
      )
      expect(stdout).toContain(answer)
      for (const secret of [ROUTE_KEY, BACKEND_KEY, 'canary']) expect(stdout + stderr).not.toContain(secret)
    })
  },
)
