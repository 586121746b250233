import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { call } from '../gateway/kit/client.ts'
import { startUpstream } from '../gateway/kit/upstream.ts'
import { tempFolder } from '../helpers/agw.ts'
import { freePort } from '../helpers/free-port.ts'
import { startFakeCollector } from '../helpers/otlp.ts'
import { serveWithAdmin } from '../helpers/serving.ts'

const event = (data: object, name?: string): string =>
  `${name === undefined ? '' : `event: ${name}\n`}data: ${JSON.stringify(data)}\n\n`

const OPENAI = [
  event({ model: 'gpt-2024', choices: [{ index: 0, delta: { content: 'a' } }] }),
  event({ model: 'gpt-2024', choices: [], usage: { prompt_tokens: 7, completion_tokens: 5 } }),
  'data: [DONE]\n\n',
]
const message = { id: 'm', type: 'message', role: 'assistant', model: 'claude-2024', content: [] }
const ANTHROPIC = [
  { type: 'message_start', message: { ...message, usage: { input_tokens: 7, output_tokens: 1 } } },
  { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
  { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'a' } },
  { type: 'content_block_stop', index: 0 },
  { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 5 } },
  { type: 'message_stop' },
].map(data => event(data, data.type))

const CHAT = '/v1/chat/completions'
const ROWS = [
  ['of OpenAI', CHAT, 'gpt', 'openai', 'gpt-2024', OPENAI],
  ['of Anthropic', '/v1/messages', 'claude', 'anthropic', 'claude-2024', ANTHROPIC],
  ['of Anthropic for a client of OpenAI', CHAT, 'claude', 'anthropic', 'claude-2024', ANTHROPIC],
] as const

it.each(ROWS)(
  'a stream %s is told in the log, in metrics and in traces',
  {
    timeout: 60_000,
  },
  async (_, path, asked, provider, answered, events) => {
    const folder = await tempFolder()
    const collector = await startFakeCollector()
    const upstream = await startUpstream(async response => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      for (const one of events) {
        response.write(one)
        await new Promise(resolve => setTimeout(resolve, 5))
      }
      response.end()
    })
    const port = await freePort()
    const params = { apiKey: 'sk-streams-0123456789', hostOverride: `127.0.0.1:${upstream.port}` }
    const rates = { input: '1', output: '2' }
    const providers = {
      openai: { models: { 'gpt-2024': { rates } } },
      anthropic: { models: { claude: { rates } } },
    }
    const config = {
      config: { modelCatalog: [{ inline: { providers } }] },
      frontendPolicies: { tracing: { host: collector.host, protocol: 'http', randomSampling: true } },
      llm: {
        port,
        models: [
          { name: 'gpt', provider: 'openAI', params },
          { name: 'claude', provider: 'anthropic', params },
        ],
      },
    }
    await writeFile(join(folder, 'config.yaml'), JSON.stringify(config), { mode: 0o600 })
    const args = ['--admin', '127.0.0.1:0', '--log-format', 'json']
    const { running, admin } = await serveWithAdmin(args, { cwd: folder })
    const messages = [{ role: 'user', content: 'hi' }]
    const body = JSON.stringify({ model: asked, stream: true, max_tokens: 9, messages })
    const answer = await call(port, { path, headers: { 'content-type': 'application/json' }, body })
    expect(answer).toMatchObject({
      status: 200,
      headers: { 'content-type': expect.stringMatching(/^text\/event/) },
    })

    const [line] = await running.until(/\{.*"http\.status":200.*\}/, 'stderr')
    const known = {
      'gen_ai.operation.name': 'chat',
      'gen_ai.provider.name': provider,
      'gen_ai.request.model': asked,
      'gen_ai.response.model': answered,
      'gen_ai.usage.input_tokens': 7,
      'gen_ai.usage.output_tokens': 5,
      'agw.ai.usage.cost.total': '0.000017',
    }
    const told = JSON.parse(line) as Record<string, unknown>
    expect(told).toMatchObject(known)
    expect(told['agw.ai.time_to_first_token']).toBeDefined()
    expect(told['agw.ai.time_per_output_token']).toBeDefined()

    const metrics = await (await fetch(`${admin}/metrics`)).text()
    const series = `gen_ai_system="${provider}",gen_ai_request_model="${asked}",gen_ai_response_model="${answered}"`
    for (const [name, value] of [
      ['gen_ai_client_token_usage_sum\\{gen_ai_token_type="input"', 7],
      ['gen_ai_client_token_usage_sum\\{gen_ai_token_type="output"', 5],
      ['gen_ai_client_cost_usd_total\\{', 0.000017],
      ['cost_catalog_lookups_total\\{status="Exact"', 1],
      ['gen_ai_server_request_duration_count\\{', 1],
      ['gen_ai_server_time_to_first_token_count\\{', 1],
      ['gen_ai_server_time_per_output_token_count\\{', 1],
    ] as const)
      expect(metrics).toMatch(new RegExp(`^agentgateway_${name}.*${series}.* ${value}$`, 'm'))

    expect(await running.stop()).toBe(0)
    expect(collector.spans).toHaveLength(1)
    expect(collector.spans[0]?.attributes).toMatchObject({
      ...known,
      'agw.ai.usage.cost.input': '0.000007',
      'agw.ai.usage.cost.output': '0.00001',
      'agw.ai.usage.cost.cache_read': '0',
    })
  },
)
