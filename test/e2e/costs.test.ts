import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { call } from '../gateway/kit/client.ts'
import { startUpstream } from '../gateway/kit/upstream.ts'
import { agw, tempFolder } from '../helpers/agw.ts'
import { freePort } from '../helpers/free-port.ts'
import { reloadAt, serveWithAdmin } from '../helpers/serving.ts'

const ANSWER = { model: 'gpt-2026', usage: { prompt_tokens: 1000, completion_tokens: 10 } }

/** A folder with a config whose catalog is a file, which asks for two workers. */
async function folderWith(upstream: number) {
  const folder = await tempFolder()
  const port = await freePort()
  const config = {
    config: { workerThreads: 2, modelCatalog: [{ file: 'costs.json' }] },
    llm: {
      port,
      models: [
        {
          name: 'gpt',
          provider: 'openAI',
          params: { apiKey: 'sk-costs-0123456789', hostOverride: `127.0.0.1:${upstream}` },
        },
      ],
    },
  }
  await writeFile(join(folder, 'config.yaml'), JSON.stringify(config), { mode: 0o600 })
  const put = (input: string) => {
    const models = { 'gpt-2026': { rates: { input, output: '10' } } }
    return writeFile(join(folder, 'costs.json'), JSON.stringify({ providers: { openai: { models } } }))
  }
  return { folder, port, put }
}

it('costs are added up over workers, take in a changed file, and keep the last good one', {
  timeout: 60_000,
}, async () => {
  const upstream = await startUpstream(response => {
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(ANSWER))
  })
  const { folder, port, put } = await folderWith(upstream.port)
  await put('2.50')
  const { running, admin } = await serveWithAdmin(
    ['--admin', '127.0.0.1:0', '--no-reload', '--log-format', 'json'],
    { cwd: folder },
  )
  const body = JSON.stringify({ model: 'gpt', messages: [{ role: 'user', content: 'hi' }] })
  const ask = async (): Promise<void> => {
    const headers = { 'content-type': 'application/json' }
    expect((await call(port, { path: '/v1/chat/completions', headers, body })).status).toBe(200)
  }
  const metrics = async () => (await fetch(`${admin}/metrics`)).text()
  for (let i = 0; i < 4; i++) await ask()
  await running.until('"agw.ai.usage.cost.total":"0.0026"', 'stderr')
  expect(await metrics()).toMatch(/^agentgateway_gen_ai_client_cost_usd_total\{.*"gpt-2026".*\} 0\.0104$/m)

  await put('1')
  expect(await reloadAt(admin)).toMatchObject({ result: 'reloaded' })
  await running.until('changed file costs.json')
  await ask()
  await running.until('"agw.ai.usage.cost.total":"0.0011"', 'stderr')

  await put('a lot')
  expect(await reloadAt(admin)).toMatchObject({
    result: 'rejected',
    message: expect.stringContaining('costs.json: providers.openai.models.gpt-2026.rates.input: '),
  })
  await ask()
  expect(await metrics()).toMatch(/^agentgateway_gen_ai_client_cost_usd_total\{.*\} 0\.0126$/m)
  expect(await metrics()).toMatch(/^agentgateway_cost_catalog_lookups_total\{status="Exact",.*\} 6$/m)

  // The catalog is no start-only setting, unlike what stands beside it.
  const config = { workerThreads: 2, modelCatalog: [] }
  await writeFile(
    join(folder, 'config.yaml'),
    JSON.stringify({
      config,
      llm: {
        port,
        models: [
          {
            name: 'gpt',
            provider: 'openAI',
            params: { apiKey: 'sk-costs-0123456789', hostOverride: `127.0.0.1:${upstream.port}` },
          },
        ],
      },
    }),
  )
  expect(await reloadAt(admin)).toMatchObject({ result: 'reloaded' })
  await ask()
  expect(await metrics()).toMatch(/^agentgateway_cost_catalog_lookups_total\{status="NoCatalog",.*\} 1$/m)
  expect(await running.stop()).toBe(0)
})

it('a catalog that cannot be used is found before the start', { timeout: 60_000 }, async () => {
  const { folder, put } = await folderWith(1)
  const check = () => agw(['validate', '--engine', 'embedded'], { cwd: folder })
  await put('2.50')
  expect((await check()).status).toBe(0)
  await put('a lot')
  expect(await check()).toMatchObject({
    status: 1,
    stdout: expect.stringContaining(
      'costs.json: providers.openai.models.gpt-2026.rates.input: this is not an amount',
    ),
  })
  await rm(join(folder, 'costs.json'))
  expect((await check()).stdout).toContain('costs.json cannot be read: it does not exist')
})
