import { type Mock, type MockOptions, startMock } from '../../src/mock/index.ts'
import { afterEachTest } from '../helpers/afterwards.ts'

export const OPENAI_KEY = 'sk-proj-canaryOPENAI0123456789x7Qa'
export const ANTHROPIC_KEY = 'sk-ant-api03-canaryANTHROPIC0123456789-AA'
export const GEMINI_KEY = 'AIzaCanaryGEMINI0123456789abcdefghijklm'
export const AZURE_KEY = 'canaryazure0123456789abcdefabcdef'

const running: Mock[] = []

/** Starts a mock that is closed after the test. */
export async function mock(options: MockOptions = {}): Promise<Mock> {
  const started = await startMock(options)
  running.push(started)
  return started
}

afterEachTest(async () => {
  await Promise.all(running.splice(0).map(one => one.close()))
})

/** A JSON body with headers, as `fetch` wants it. */
export function post(headers: Record<string, string>, body: unknown): RequestInit {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  return { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: text }
}

// biome-ignore lint/suspicious/noExplicitAny: tests reach into answers whose form is what they assert
export type Json = any

export async function json(response: Response): Promise<Json> {
  return response.json()
}

export interface SseEvent {
  readonly event: string | undefined
  readonly data: string
}

/** Every event of a stream, in order. A line that is no field fails. */
export async function events(response: Response): Promise<SseEvent[]> {
  const text = await response.text()
  const blocks = text.split(/\r?\n\r?\n/)
  if (blocks.pop() !== '') throw new Error(`the stream does not end with an empty line: ${text.slice(-60)}`)
  return blocks.map(block => {
    const fields = new Map<string, string>()
    for (const line of block.split(/\r?\n/)) {
      const [, name, value] = /^(event|data): (.*)$/.exec(line) ?? []
      if (name === undefined || value === undefined || fields.has(name)) throw new Error(`odd line: ${line}`)
      fields.set(name, value)
    }
    return { event: fields.get('event'), data: fields.get('data') ?? '' }
  })
}
