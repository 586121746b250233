import { randomBytes } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type CheckedConfig, checkConfig } from './checking/check.ts'
import { AgwError } from './errors.ts'
import { freePort } from './free-port.ts'
import { startMock } from './mock/index.ts'
import { onboardingOf } from './providers/index.ts'
import { writeFileAtomic } from './secrets/index.ts'
import { Secret } from './secrets/secret.ts'
import type { LiveEvent } from './serving/live.ts'
import { serve } from './serving/serve.ts'
import { planInit } from './setup/plan-init.ts'

/** What the demo shows, step by step, as it happens. */
export type DemoStep =
  | { readonly step: 'config'; readonly text: string; readonly files: readonly string[] }
  | { readonly step: 'running'; readonly gateway: string; readonly provider: string }
  | {
      readonly step: 'answered'
      readonly sent: string
      readonly status: number
      readonly answer: string
      readonly seenKey: string
    }
  | {
      readonly step: 'rotated'
      readonly from: string
      readonly to: string
      readonly requests: number
      readonly failed: number
    }
  | { readonly step: 'checked'; readonly result: CheckedConfig }
  | { readonly step: 'cleaned'; readonly folder: string }

export interface DemoOptions {
  readonly onStep: (step: DemoStep) => void
  readonly onSecret: (secret: Secret) => void
  readonly signal: AbortSignal
}

/** Connections that send requests while the key changes. */
const CONNECTIONS = 8

/**
 * The whole story on this machine: a config in a temporary folder, the built-in provider, the gateway, a request
 * without a key, a live rotation in the middle of traffic, a broken config checked. Leaves nothing behind.
 */
export async function runDemo(options: DemoOptions): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'agw-demo-'))
  const closing: (() => Promise<void>)[] = [() => rm(folder, { recursive: true, force: true })]
  try {
    await tellStory(folder, options, close => closing.unshift(close))
  } finally {
    for (const close of closing) await close()
  }
  options.onStep({ step: 'cleaned', folder })
}

async function tellStory(
  folder: string,
  options: DemoOptions,
  atEnd: (close: () => Promise<void>) => void,
): Promise<void> {
  const [oldKey, newKey] = [demoKey(), demoKey()]
  options.onSecret(oldKey)
  options.onSecret(newKey)
  const good = new Set([oldKey.reveal()])
  let seenKey = 'none'
  const mock = await startMock({
    keys: () => [...good],
    onRequest: seen => {
      seenKey = seen.keyFingerprint ?? 'none'
    },
  })
  atEnd(() => mock.close())

  const config = await writeDemoConfig(folder, oldKey, options)
  const changed = new EventWait<LiveEvent>(
    event => event.event === 'key-changed' || event.event === 'reload-rejected',
  )
  const gateway = await serve({
    load: { file: config, env: {}, cwd: folder, envFile: false },
    mock: mock.port,
    reload: true,
    onEvent: event => changed.take(event),
    onSecret: options.onSecret,
  })
  atEnd(() => gateway.close())
  const address = gateway.addresses[0] ?? ''
  options.onStep({ step: 'running', gateway: address, provider: mock.url })

  const sent = 'POST /v1/chat/completions, no key'
  const first = await ask(address)
  options.onStep({ step: 'answered', sent, status: first.status, answer: answerText(first.body), seenKey })

  const traffic = new Traffic(address, options.signal)
  traffic.start(CONNECTIONS)
  await traffic.atLeast(40)
  // The provider knows both keys for a moment, as real ones do; the old one is revoked once the gateway has moved on.
  good.add(newKey.reveal())
  await writeFileAtomic(join(folder, 'openai.key'), `${newKey.reveal()}\n`, { mode: 0o600 })
  await changed.next
  await traffic.atLeast(traffic.done + 2 * CONNECTIONS)
  good.delete(oldKey.reveal())
  await traffic.atLeast(traffic.done + 40)
  const { done, failed } = await traffic.stop()
  options.onStep({
    step: 'rotated',
    from: oldKey.fingerprint(),
    to: newKey.fingerprint(),
    requests: done,
    failed,
  })

  const broken = join(folder, 'broken.yaml')
  await writeFile(broken, (await readFile(config, 'utf8')).replace('provider:', 'provdier:'))
  const result = await checkConfig({ file: broken, env: {}, cwd: folder, envFile: false }, { secrets: true })
  options.onStep({ step: 'checked', result })
}

async function writeDemoConfig(folder: string, key: Secret, { onStep }: DemoOptions): Promise<string> {
  const openai = onboardingOf('openai')
  if (openai === undefined) throw new AgwError('BUG', 'the table of providers has no OpenAI')
  const config = join(folder, 'config.yaml')
  const port = await freePort()
  const plan = await planInit(
    { style: 'llm', port, providers: [{ provider: openai, method: 'file', model: 'gpt-4o-mini', key }] },
    { config, cwd: folder, namespace: 'default', force: true, env: {} },
  )
  for (const { path, content, mode } of plan.files)
    await writeFileAtomic(path, content, mode === undefined ? {} : { mode })
  const [first] = plan.files
  onStep({ step: 'config', text: first?.content ?? '', files: plan.files.map(file => file.path) })
  return config
}

/** A key that looks like a real one to every check, and is none. */
function demoKey(): Secret {
  const part = (): string => randomBytes(45).toString('base64url').slice(0, 58)
  return new Secret(`sk-proj-${part()}T3BlbkFJ${part()}`, 'demo key')
}

interface Answer {
  readonly status: number
  readonly body: string
}

function ask(address: string): Promise<Answer> {
  const body = JSON.stringify({
    model: 'gpt-4o',
    messages: [{ role: 'user', content: 'Who holds the key?' }],
  })
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }
    const sent = request(`${address}/v1/chat/completions`, { method: 'POST', headers }, answer => {
      let text = ''
      answer.setEncoding('utf8')
      answer.on('data', (chunk: string) => {
        text += chunk
      })
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, body: text }))
      answer.on('error', reject)
    })
    sent.on('error', reject)
    sent.end(body)
  })
}

function answerText(body: string): string {
  const parsed = JSON.parse(body) as { choices?: { message?: { content?: string } }[] }
  return parsed.choices?.[0]?.message?.content ?? ''
}

/** Requests over several connections, one after the other on each, until told to stop. */
class Traffic {
  readonly #address: string
  readonly #signal: AbortSignal
  #stopped = false
  #workers: Promise<void>[] = []
  done = 0
  failed = 0

  constructor(address: string, signal: AbortSignal) {
    this.#address = address
    this.#signal = signal
  }

  start(connections: number): void {
    this.#workers = Array.from({ length: connections }, async () => {
      while (!this.#stopped && !this.#signal.aborted) {
        const status = await ask(this.#address).then(
          answer => answer.status,
          () => 0,
        )
        if (status !== 200) this.failed += 1
        this.done += 1
      }
    })
  }

  async atLeast(count: number): Promise<void> {
    while (this.done < count) {
      if (this.#signal.aborted) throw new AgwError('INTERRUPTED', 'interrupted; the demo has cleaned up')
      await new Promise(resolve => setTimeout(resolve, 5))
    }
  }

  async stop(): Promise<{ done: number; failed: number }> {
    this.#stopped = true
    await Promise.all(this.#workers)
    return { done: this.done, failed: this.failed }
  }
}

/** Waits for one event of a kind. */
class EventWait<T> {
  readonly next: Promise<T>
  readonly #wanted: (event: T) => boolean
  #resolve: (event: T) => void = () => {}

  constructor(wanted: (event: T) => boolean) {
    this.#wanted = wanted
    this.next = new Promise(resolve => {
      this.#resolve = resolve
    })
  }

  take(event: T): void {
    if (this.#wanted(event)) this.#resolve(event)
  }
}
