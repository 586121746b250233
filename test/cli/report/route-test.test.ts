import { PassThrough } from 'node:stream'
import { expect, it } from 'vitest'
import { routeTestText } from '../../../src/cli/report/route-test.ts'
import { Terminal } from '../../../src/cli/terminal.ts'
import type { RouteTest } from '../../../src/test-route/test-route.ts'

const BODY = '{"model":"gpt-4o-mini","messages":[{"role":"user","content":"Say hello in one word."}]}'
const destination = {
  backend: 'openai',
  path: 'llm.models[0]',
  share: 1,
  policies: [],
  upstream: { method: 'POST', url: 'https://api.openai.com/v1/chat/completions', headers: [], body: BODY },
}
const test = {
  request: { method: 'POST', path: '/v1/chat/completions', host: 'localhost', model: undefined },
  explanation: {
    bind: 'bind/3000',
    listener: 'default',
    tried: [],
    policies: [],
    destinations: [destination],
    undecided: [],
  },
  destination,
  ok: true,
} as unknown as RouteTest

it('a narrow terminal gets the body in one piece, to be copied', () => {
  const stream = Object.assign(new PassThrough(), { isTTY: true, columns: 60 })
  const env = { NO_COLOR: '1' }
  const terminal = new Terminal({ stdin: {}, stdout: stream, stderr: stream, env, redact: text => text })
  expect(routeTestText(test, terminal).split('\n')).toContain(`body       ${BODY}`)
})
