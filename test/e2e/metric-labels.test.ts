import { readFile, writeFile } from 'node:fs/promises'
import { Agent } from 'node:http'
import { join } from 'node:path'
import parsePrometheusTextFormat from 'parse-prometheus-text-format'
import { expect, it } from 'vitest'
import { call } from '../gateway/kit/client.ts'
import { startUpstream } from '../gateway/kit/upstream.ts'
import { agw, tempFolder } from '../helpers/agw.ts'
import { freePort } from '../helpers/free-port.ts'
import { keyLike } from '../helpers/keys.ts'
import { reloadAt, serveWithAdmin } from '../helpers/serving.ts'

const PROVIDER_KEY = keyLike('openai', 'canary')
const CLIENTS = { alice: 'alice-canary-0123456789', bob: 'bob-canary-0123456789' }
const ANSWER = { model: 'gpt-2026', usage: { prompt_tokens: 1000, completion_tokens: 10 } }
/** Whatever an expression can get hold of, also where a long text is cut. */
const ADDED = `
        user: apiKey.user
        client_key: apiKey.key.unredacted()
        header: request.headers["authorization"]
        provider_key: '"$OPENAI_API_KEY"'
        cut: '"${'x'.repeat(110)}$OPENAI_API_KEY"'
        'user.id': apiKey.user
        missing: jwt.sub
        model: llm.responseModel
        tokens: string(llm.totalTokens)
        cost: string(llm.cost.total)
        given: response.headers["set-cookie"]
        repeated: response.headers["x-echo"]`

async function folderWith(workers: number) {
  const upstream = await startUpstream((response, { headers }) => {
    response.writeHead(200, {
      'content-type': 'application/json',
      'set-cookie': 'session=canary-of-a-session',
      'x-echo': headers['authorization'],
    })
    response.end(JSON.stringify(ANSWER))
  })
  const folder = await tempFolder()
  const port = await freePort()
  const config = `config:
  workerThreads: ${workers}
  metrics:
    remove: [retries, agentgateway_request_duration_seconds, build]
    fields:
      add:${ADDED}
  modelCatalog:
  - inline: { providers: { openai: { models: { gpt-2026: { rates: { input: '2', output: '10' } } } } } }
frontendPolicies:
  accessLog:
    add: { sum: llm.totalTokens, dollars: llm.cost.total, all: response.headers }
llm:
  port: ${port}
  policies:
    apiKey:
      mode: strict
      keys:
      - { key: ${CLIENTS.alice}, metadata: { user: alice } }
      - { key: ${CLIENTS.bob}, metadata: { user: bob } }
  models:
  - name: gpt
    provider: openAI
    params: { apiKey: "$OPENAI_API_KEY", hostOverride: "127.0.0.1:${upstream.port}" }
`
  const put = (text: string) => writeFile(join(folder, 'config.yaml'), text, { mode: 0o600 })
  await put(config)
  const ask = async (key: string): Promise<number> => {
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${key}` }
    const body = JSON.stringify({ model: 'gpt', messages: [{ role: 'user', content: 'hi' }] })
    const agent = new Agent({ keepAlive: false })
    return (await call(port, { path: '/v1/chat/completions', headers, body, agent })).status
  }
  return { folder, config, put, ask }
}

it.each([1, 2])(
  'labels that the config adds are told by /metrics, without a key: %i workers',
  {
    timeout: 60_000,
  },
  async workers => {
    const { folder, config, put, ask } = await folderWith(workers)
    const { running, admin } = await serveWithAdmin(
      ['--admin', '127.0.0.1:0', '--no-reload', '--log-format', 'json'],
      { cwd: folder, env: { OPENAI_API_KEY: PROVIDER_KEY } },
    )
    for (let i = 0; i < 4; i++) expect(await ask(CLIENTS.alice)).toBe(200)
    for (let i = 0; i < 3; i++) expect(await ask(CLIENTS.bob)).toBe(200)
    expect(await ask('nobody')).toBe(401)

    const page = async () => (await fetch(`${admin}/metrics`)).text()
    const text = await page()
    const families = parsePrometheusTextFormat(text)
    const requests = families.find(({ name }) => name === 'agentgateway_requests_total')?.metrics ?? []
    const told = requests.map(({ labels, value }) => [labels?.['status'], labels?.['user'], Number(value)])
    expect(told.sort()).toEqual([
      ['200', 'alice', 4],
      ['200', 'bob', 3],
      ['401', 'unknown', 1],
    ])
    expect(text).toMatch(/^agentgateway_gen_ai_client_token_usage_sum\{.*"input".*user="bob".*\} 3000$/m)
    expect(requests.every(({ labels }) => labels?.['missing'] === 'unknown')).toBe(true)
    expect(text).not.toContain('user.id')
    expect(text).not.toMatch(/retries|request_duration_seconds|build_info/)
    expect(text).toContain('agentgateway_config_synchronized 1\n')

    expect(requests.map(({ labels }) => labels?.['client_key'])).toContain('<redacted>')
    expect(text).toMatch(
      /^agentgateway_requests_total\{.*provider_key="<redacted>",cut="x{110}\[redacted sha256/m,
    )
    expect(text).toMatch(
      /^agentgateway_requests_total\{.*model="gpt-2026",tokens="1010",cost="0.0021",given="<redacted>",repeated="Bearer <redacted>".*$/m,
    )
    await running.until('"sum":1010', 'stderr')
    const log = running.stdout() + running.stderr()
    const line = /^\{.*"sum".*$/m.exec(log)?.[0] ?? ''
    expect(JSON.parse(line)).toMatchObject({
      sum: 1010,
      dollars: 0.0021,
      all: { 'set-cookie': '<redacted>' },
    })
    expect(text + log).not.toContain('canary-of')
    for (const secret of [PROVIDER_KEY, ...Object.values(CLIENTS)])
      expect(text + log).not.toContain(secret.slice(0, 12))

    // Settings of the start, unlike what else stands in the file.
    await put(
      config.replace('user: apiKey.user', 'user: \'"other"\'').replace('remove: [', 'remove: [requests, '),
    )
    expect(await reloadAt(admin)).toMatchObject({ result: 'reloaded' })
    await running.until('changed config.metrics.fields.add.user, which takes a restart')
    expect(await ask(CLIENTS.bob)).toBe(200)
    expect(await page()).toMatch(/^agentgateway_requests_total\{.*status="200".*user="bob".*\} 4$/m)
    expect(await running.stop()).toBe(0)
  },
)

it('validate has nothing against them, and shows where an expression is wrong', async () => {
  const { folder, put, config } = await folderWith(1)
  const check = () =>
    agw(['validate', '--engine', 'embedded', '--json'], {
      cwd: folder,
      env: { OPENAI_API_KEY: PROVIDER_KEY },
    })
  const found = async () => {
    const { diagnostics } = JSON.parse((await check()).stdout).files[0]
    return diagnostics.map((one: { code: string; line: number; column: number }) => [
      one.code,
      one.line,
      one.column,
    ])
  }
  const of = (codes: readonly string[]) => async () =>
    (await found()).filter(([code]: [string]) => codes.includes(code))
  const metricFindings = of(['NOT_RUN_HERE', 'UNREADABLE_LABEL', 'BAD_EXPRESSION', 'UNKNOWN_METRIC'])
  const [, place] = (await readFile(join(folder, 'config.yaml'), 'utf8')).split("        'user.id'")
  expect(place).toBeDefined()
  expect(await metricFindings()).toEqual([['UNREADABLE_LABEL', 12, 9]])
  await put(
    config.replace("        'user.id': apiKey.user\n", '').replace('user: apiKey.user', 'user: apiKey.(user'),
  )
  expect(await metricFindings()).toEqual([['BAD_EXPRESSION', 7, 15]])
  expect((await check()).status).toBe(1)
})
