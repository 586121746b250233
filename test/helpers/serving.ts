import { readFile } from 'node:fs/promises'
import { type Running, type RunOptions, start } from './agw.ts'

/** A config with one route to an OpenAI-compatible server in the clear. */
export function toOpenAi(route: {
  readonly port: number
  /** `host:port` */
  readonly upstream: string
  /** What stands in `backendAuth`, as YAML: `key: "$NAME"`. */
  readonly auth: string
  /** In the place of the model that requests name. */
  readonly model?: string
  /** More lines of `policies`, without their indentation. */
  readonly policies?: readonly string[]
}): string {
  const { port, upstream, auth, model, policies = [] } = route
  return `binds:
- port: ${port}
  listeners:
  - routes:
    - backends:
      - ai:
          name: openai
          hostOverride: "${upstream}"
          provider: { openAI: {${model === undefined ? '' : ` model: ${model} `}} }
      policies:
        backendAuth: { ${auth} }
${policies.map(line => `        ${line}\n`).join('')}`
}

/** `agw serve`, once it takes requests. */
export async function serveReady(args: readonly string[], options: RunOptions): Promise<Running> {
  const running = start(['serve', '--json', ...args], options)
  await running.until('"ready"')
  return running
}

/** The same, and where its admin pages are. */
export async function serveWithAdmin(
  args: readonly string[],
  options: RunOptions,
): Promise<{ readonly running: Running; readonly admin: string }> {
  const running = await serveReady(args, options)
  const [line] = await running.until(/\{"event":"admin","pages":"admin".*\}/)
  return { running, admin: (JSON.parse(line) as { address: string }).address }
}

/**
 * The process ids of its workers (Linux only). One that is not a program of its own yet is none: the gateway waits for it to
 * become one, and would do so for good were it stopped.
 */
export async function workersOf({ child: { pid } }: Running): Promise<number[]> {
  const read = (path: string): Promise<string> => readFile(`/proc/${path}`, 'utf8').catch(() => '')
  const children = (await read(`${pid}/task/${pid}/children`)).trim().split(' ').filter(Boolean)
  const programs = await Promise.all(children.map(child => read(`${child}/cmdline`)))
  return children.filter((_, index) => programs[index]?.includes('worker.cjs')).map(Number)
}

/** Has it read its files anew, and gives what its admin pages say of that. */
export async function reloadAt(admin: string): Promise<unknown> {
  return (await fetch(`${admin}/reload`, { method: 'POST' })).json()
}

/** One chat with a model, sent to a gateway on this machine. */
export function ask(
  port: number,
  chat: {
    readonly model?: string
    readonly content?: string
    readonly stream?: boolean
    readonly headers?: Readonly<Record<string, string>>
  } = {},
): Promise<Response> {
  const { model = 'gpt-4o', content = 'hello', stream = false, headers = {} } = chat
  return fetch(`http://127.0.0.1:${port}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ model, stream, messages: [{ role: 'user', content }] }),
  })
}
