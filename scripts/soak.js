// `npm run soak`: a gateway with two workers under load for SOAK_SECONDS (600 unless set), while its config is reloaded, its
// first provider comes and goes, and its workers are killed. Ends with 1 when a request failed that had no reason to, or when
// memory grew. Requests that were under way in a worker when it was killed are counted apart: they have a reason.
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { Agent, createServer, request } from 'node:http'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const SECONDS = Number(process.env['SOAK_SECONDS'] ?? 600)
const CONNECTIONS = 64
const RELOAD_MS = 10_000
const KILL_MS = Math.min(60_000, (SECONDS * 1000) / 4)
/** How far memory of the last third may be above that of the first. */
const GROWTH = 1.1
/** So long it grows by itself: code is compiled, and heaps find their size. A run of less than twice that tells nothing of it. */
const WARM_UP_SECONDS = 60
/** A broken connection this long after a worker was killed is one of its own. */
const KILL_SHADOW_MS = 2000
/**
 * Node hands a connection to a worker and forgets it: one that is on its way to a worker when that is killed is neither
 * answered nor closed. So a request that began next to a kill may have to give up after this long.
 */
const PATIENCE_MS = 10_000

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const folder = mkdtempSync(join(tmpdir(), 'agw-soak-'))
const wait = ms => new Promise(resolve => setTimeout(resolve, ms))
const median = values => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0

const USAGE = { prompt_tokens: 5, completion_tokens: 20, total_tokens: 25 }

/** An OpenAI-shaped provider; `state` says what it does to requests. */
class Provider {
  state = 'up'
  #server = createServer((incoming, response) => this.#answer(incoming, response))
  port = 0

  async listen() {
    await new Promise(resolve => this.#server.listen(this.port, '127.0.0.1', resolve))
    this.port = this.#server.address().port
  }

  /** New connections are refused; those that are there stay until they are used. */
  unlisten() {
    this.#server.close()
  }

  end() {
    this.#server.close()
    this.#server.closeAllConnections()
  }

  async #answer(incoming, response) {
    let text = ''
    for await (const chunk of incoming) text += chunk
    if (this.state !== 'up') {
      tally.refused++
      return response.writeHead(503, { connection: 'close' }).end('{"error":{}}')
    }
    if (!JSON.parse(text).stream) {
      response.writeHead(200, { 'content-type': 'application/json' })
      return response.end(JSON.stringify({ model: 'm', choices: [], usage: USAGE }))
    }
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    for (let i = 0; i < 20; i++) {
      response.write(`data: {"model":"m","choices":[{"delta":{"content":"word ${i} "}}]}\n\n`)
      await wait(5)
    }
    response.end(`data: {"choices":[],"usage":${JSON.stringify(USAGE)}}\n\ndata: [DONE]\n\n`)
  }
}

function writeConfig(port, first, second, round) {
  const provider = (name, to, more) =>
    `{ name: ${name}, hostOverride: "127.0.0.1:${to}", provider: { openAI: {} }${more} }`
  const evicting = ', policies: { health: { eviction: { duration: 500ms, consecutiveFailures: 3 } } }'
  writeFileSync(
    join(folder, 'config.yaml'),
    `binds:
- port: ${port}
  listeners:
  - routes:
    - policies:
        retry: { codes: [503], attempts: 8, backoff: 5ms }
        backendAuth: { key: "soak-key-0123456789" }
        requestHeaderModifier: { set: { x-round: "${round}" } }
        localRateLimit: [{ maxTokens: 1000000000, tokensPerFill: 1, fillInterval: 1h, type: tokens }]
      backends:
      - ai:
          groups:
          - providers: [${provider('first', first, evicting)}]
          - providers: [${provider('second', second, '')}]
`,
    { mode: 0o600 },
  )
}

const tally = { done: 0, streamed: 0, refused: 0, killed: 0, forgotten: 0, failed: [], reloads: 0 }
/** When workers were killed. */
const kills = []
let isRunning = true

function ask(port, agent, stream) {
  const body = JSON.stringify({ model: 'm', stream, messages: [{ role: 'user', content: 'hello' }] })
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }
    const path = '/v1/chat/completions'
    const sent = request({ host: '127.0.0.1', port, path, method: 'POST', headers, agent }, answer => {
      let text = ''
      answer.setEncoding('utf8').on('data', chunk => {
        text += chunk
      })
      answer.on('error', reject)
      answer.on('end', () => {
        const isWhole = stream ? text.endsWith('data: [DONE]\n\n') : text.includes('"usage"')
        if (answer.statusCode === 200 && isWhole) resolve()
        else reject(new Error(`status ${answer.statusCode}, ${text.length} bytes: ${text.slice(0, 80)}`))
      })
    })
    sent.setTimeout(PATIENCE_MS, () => sent.destroy(new Error('no answer')))
    sent.on('error', reject)
    sent.end(body)
  })
}

async function client(port, stream) {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  while (isRunning) {
    const began = performance.now()
    try {
      await ask(port, agent, stream)
      tally.done++
      if (stream) tally.streamed++
    } catch (error) {
      const isBroken =
        ['ECONNRESET', 'EPIPE', 'ECONNREFUSED'].includes(error.code) || error.message === 'aborted'
      const isForgotten =
        error.message === 'no answer' && kills.some(at => Math.abs(at - began) < KILL_SHADOW_MS)
      if (isForgotten) tally.forgotten++
      else if (isBroken && performance.now() - (kills.at(-1) ?? 0) < KILL_SHADOW_MS) tally.killed++
      else tally.failed.push(`${new Date().toISOString()} ${error.code ?? ''} ${error.message}`)
    }
  }
  agent.destroy()
}

async function flap(provider) {
  while (isRunning) {
    await wait(3000)
    provider.state = 'failing'
    await wait(1000)
    provider.unlisten()
    await wait(1000)
    await provider.listen()
    provider.state = 'up'
  }
}

function processes(pid) {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean)
  return [pid, ...children.map(Number)]
}

function rss(pid) {
  let sum = 0
  for (const one of processes(pid)) {
    try {
      sum += Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${one}/status`, 'utf8'))?.[1] ?? 0)
    } catch {
      // It has just ended.
    }
  }
  return sum / 1024
}

async function freePort() {
  const server = createServer()
  await new Promise(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address()
  await new Promise(resolve => server.close(resolve))
  return port
}

async function startGateway() {
  const args = ['bin/run.js', 'serve', '-f', join(folder, 'config.yaml'), '--json', '--workers', '2']
  const more = ['--admin', '127.0.0.1:0', '--access-log', join(folder, 'access.log')]
  const child = spawn(process.execPath, [...args, ...more], {
    cwd: root,
    env: { ...process.env, HOME: folder },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let text = ''
  child.stdout.on('data', chunk => {
    text += chunk
    tally.reloads = text.split('"event":"reloaded"').length - 1
  })
  while (!text.includes('"ready"')) {
    if (child.exitCode !== null) throw new Error(`the gateway did not start:\n${text}`)
    await wait(50)
  }
  return { child, log: () => text }
}

const [first, second] = [new Provider(), new Provider()]
await Promise.all([first.listen(), second.listen()])
const port = await freePort()
writeConfig(port, first.port, second.port, 0)
const { child, log } = await startGateway()
const started = performance.now()
const samples = []
const timers = [
  setInterval(() => samples.push(rss(child.pid)), 1000),
  setInterval(() => writeConfig(port, first.port, second.port, Math.round(performance.now())), RELOAD_MS),
  setInterval(() => {
    const [, ...workers] = processes(child.pid)
    kills.push(performance.now())
    process.kill(workers[kills.length % workers.length], 'SIGKILL')
  }, KILL_MS),
  setInterval(() => {
    const seconds = Math.round((performance.now() - started) / 1000)
    console.error(
      `${seconds} s: ${tally.done} answered, ${tally.failed.length} failed, ${Math.round(samples.at(-1) ?? 0)} MB`,
    )
  }, 10_000),
]
const flapping = flap(first)
const clients = Array.from({ length: CONNECTIONS }, (_, i) => client(port, i % 2 === 0))
await wait(SECONDS * 1000)
isRunning = false
for (const timer of timers) clearInterval(timer)
await Promise.all(clients)
const ended = new Promise(resolve => child.once('exit', resolve))
child.kill('SIGTERM')
const status = await ended
await flapping
first.end()
second.end()

const isLong = SECONDS >= 2 * WARM_UP_SECONDS
const judged = isLong ? samples.slice(WARM_UP_SECONDS) : samples
const third = Math.floor(judged.length / 3)
const [before, after] = [median(judged.slice(0, third)), median(judged.slice(-third))]
const rejected = log().split('"reload-rejected"').length - 1
const problems = [
  ...(tally.failed.length > 0
    ? [`${tally.failed.length} requests failed, the first: ${tally.failed[0]}`]
    : []),
  ...(isLong && after > before * GROWTH
    ? [`memory grew from ${before.toFixed(0)} to ${after.toFixed(0)} MB`]
    : []),
  ...(tally.reloads === 0 ? ['no reload was taken in'] : []),
  ...(tally.refused === 0 ? ['no provider has refused a request'] : []),
  ...(kills.length === 0 ? ['no worker was killed'] : []),
  ...(tally.streamed === 0 || tally.streamed === tally.done ? ['not both kinds of answers came'] : []),
  ...(rejected > 0 ? [`${rejected} reloads were rejected`] : []),
  ...(status === 0 ? [] : [`the gateway ended with ${status}`]),
]
rmSync(folder, { recursive: true, force: true })
console.log(
  `${SECONDS} s, ${CONNECTIONS} connections: ${tally.done} answers (${tally.streamed} streamed), ${tally.reloads} reloads, ` +
    `${tally.refused} refusals of providers, ` +
    `${kills.length} workers killed with ${tally.killed} requests under way and ${tally.forgotten} on their way to one, memory ${before.toFixed(0)} → ${after.toFixed(0)} MB${isLong ? '' : ', too short to tell more of it'}`,
)
for (const problem of problems) console.log(problem)
process.exitCode = problems.length === 0 ? 0 : 1
