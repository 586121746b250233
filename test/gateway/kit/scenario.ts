import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { parse } from 'yaml'
import { call } from './client.ts'
import { startTestGateway } from './gateway.ts'
import { MemoryAgent } from './memory.ts'
import { startUpstream } from './upstream.ts'

export interface Scenario {
  readonly title: string
  /** A config, or the name of one under `configs`. */
  readonly config: unknown
  /** The port of the config that is called; the first one unless given. */
  readonly port?: number
  readonly request?: {
    readonly method?: string
    readonly path?: string
    /** A list is sent as so many lines. */
    readonly headers?: Record<string, string | string[]>
    readonly body?: unknown
  }
  /** What the upstream answers. */
  readonly answer?: {
    readonly status?: number
    readonly headers?: Record<string, string>
    readonly body?: unknown
  }
  /** What the upstream must have been sent; `false` when it must not have been called, as for every refusal. */
  readonly sees?:
    | false
    | {
        readonly method?: string
        readonly path?: string
        /** `null`: must not be there. */
        readonly headers?: Record<string, string | null>
        readonly body?: unknown
      }
  readonly gets?: {
    readonly status?: number
    readonly headers?: Record<string, string | null>
    readonly body?: unknown
    /** Names in the answer to `/v1/models`. */
    readonly models?: readonly string[]
  }
  /** What the access log must say; `null`: nothing. */
  readonly logs?: Record<string, unknown>
}

export interface ScenarioFile {
  readonly configs?: Readonly<Record<string, unknown>>
  readonly scenarios: readonly Scenario[]
}

function text(body: unknown): string {
  return typeof body === 'string' ? body : JSON.stringify(body)
}

function expectHeaders(headers: Record<string, unknown>, wanted: Record<string, string | null> = {}): void {
  for (const [name, value] of Object.entries(wanted)) {
    if (value === null) expect(headers, `header ${name}`).not.toHaveProperty([name])
    else expect(headers[name], `header ${name}`).toBe(value)
  }
}

function expectBody(body: string, wanted: unknown): void {
  if (wanted === undefined) return
  if (typeof wanted === 'string') expect(body).toBe(wanted)
  else expect(JSON.parse(body)).toEqual(wanted)
}

/** How a scenario's request comes to the gateway: by a port, or without one. */
export type Way = 'sockets' | 'memory'

/** The config that a scenario is about. */
export function configOf(scenario: Scenario, configs: ScenarioFile['configs']): unknown {
  return typeof scenario.config === 'string' ? configs?.[scenario.config] : scenario.config
}

/** Plays a scenario with its config, or another one that must do the same. */
export async function play(scenario: Scenario, config: unknown, way: Way): Promise<void> {
  const { request = {}, answer = {}, gets = {}, logs } = scenario
  const isRefusal = scenario.answer === undefined && (gets.status ?? 200) >= 400
  const { sees = isRefusal ? false : undefined } = scenario
  const upstream = await startUpstream(response => {
    response.writeHead(answer.status ?? 200, { 'content-type': 'application/json', ...answer.headers })
    response.end(answer.body === undefined ? '{}' : text(answer.body))
  })
  const { gateway, nextEvent } = await startTestGateway(JSON.stringify(config), {
    standIn: { host: '127.0.0.1', port: upstream.port },
    inMemory: way === 'memory',
  })
  const bind = gateway.addresses.find(one => one.bind === `bind/${scenario.port}`) ?? gateway.addresses[0]
  const got = await call(bind?.port ?? 0, {
    ...(way === 'memory' && { agent: new MemoryAgent(() => gateway.connect(scenario.port)) }),
    method: request.method ?? (request.body === undefined ? 'GET' : 'POST'),
    path: request.path ?? '/',
    headers: request.headers ?? {},
    ...(request.body === undefined ? {} : { body: text(request.body) }),
  })
  const [seen] = upstream.seen
  if (sees === false) expect(seen).toBeUndefined()
  else if (sees !== undefined) {
    expect(seen, got.body).toBeDefined()
    if (sees.method !== undefined) expect(seen?.method).toBe(sees.method)
    if (sees.path !== undefined) expect(seen?.url).toBe(sees.path)
    expectHeaders(seen?.headers ?? {}, sees.headers)
    expectBody(seen?.body ?? '', sees.body)
  }
  expect(got.status, got.body).toBe(gets.status ?? 200)
  expectHeaders(got.headers, gets.headers)
  expectBody(got.body, gets.body)
  if (gets.models !== undefined) {
    const { data } = JSON.parse(got.body) as { data: { id: string }[] }
    expect(data.map(({ id }) => id)).toEqual(gets.models)
  }
  if (logs === undefined) return
  const event: object = await nextEvent()
  for (const [name, value] of Object.entries(logs))
    expect(event, name).toHaveProperty([name], value ?? undefined)
}

const folder = join(import.meta.dirname, '../scenarios')

/** Every table, by its name. */
export function scenarioFiles(): (ScenarioFile & { readonly name: string })[] {
  return readdirSync(folder)
    .filter(file => file.endsWith('.yaml'))
    .map(file => ({
      ...(parse(readFileSync(join(folder, file), 'utf8')) as ScenarioFile),
      name: file.replace('.yaml', ''),
    }))
}
