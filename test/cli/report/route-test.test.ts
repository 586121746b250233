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
  upstream: {
    method: 'POST',
    url: 'https://api.openai.com/v1/chat/completions',
    endpoint: 'api.openai.com:443',
    headers: [],
    body: BODY,
  },
}
const test = {
  request: { method: 'POST', path: '/v1/chat/completions', host: 'localhost', model: undefined },
  explanation: {
    bind: 'bind/3000',
    listener: 'default',
    tried: [],
    policies: [],
    destinations: [destination],
    refused: [],
    undecided: [],
  },
  destination,
  ok: true,
} as unknown as RouteTest

/** Lines as they are told where so many characters fit in one. */
function linesIn(columns: number, more: Partial<RouteTest> = {}): string[] {
  const stream = Object.assign(new PassThrough(), { isTTY: true, columns })
  const env = { NO_COLOR: '1' }
  const terminal = new Terminal({ stdin: {}, stdout: stream, stderr: stream, env, redact: text => text })
  return routeTestText({ ...test, ...more }, terminal).split('\n')
}

it('a narrow terminal gets the body in one piece, to be copied', () => {
  expect(linesIn(60)).toContain(`body       ${BODY}`)
})

it('and the verdict by whole words', () => {
  const answer = { status: 503, body: '', headers: [], decidedBy: ['llm'], asks: undefined }
  const explanation = { ...test.explanation, answer }
  const lines = linesIn(40, { explanation, ok: false, decidedBy: { place: 'config.yaml:1', path: 'llm' } })
  expect(lines.slice(-2)).toEqual(['✗ did not pass: got 503, and any 2xx', 'passes'])
})
