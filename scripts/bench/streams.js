import { Agent, createServer, request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { oneKey } from './configs.js'
import { moveToCpu1, startGateway } from './gateway.js'
import { PATH } from './payload.js'
import { median, rssKilobytes } from './process.js'

const BODY = JSON.stringify({ model: 'gpt-4o-mini', stream: true, messages: [] })
const EVENT = `data: ${JSON.stringify({ choices: [{ index: 0, delta: { content: 'loop' } }] })}\n\n`

/** Answers at once with a head and one event; then it ends where it is asked to, else when the client leaves. */
async function startStreams(port) {
  const server = createServer((incoming, response) => {
    incoming.resume().on('end', () => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      if (incoming.headers['x-end'] === 'soon') response.end(EVENT)
      else response.write(EVENT)
    })
  })
  await new Promise(resolve => server.listen(port, '127.0.0.1', 4096, resolve))
  return server
}

/** Opens a stream; tells how long its first event took, in milliseconds, and how to leave. With an agent it ends by itself. */
function open(port, agent = false) {
  return new Promise((resolve, reject) => {
    const end = agent === false ? {} : { 'x-end': 'soon' }
    const headers = { 'content-type': 'application/json', authorization: 'Bearer client', ...end }
    const start = performance.now()
    const sent = request({ host: '127.0.0.1', port, method: 'POST', path: PATH, headers, agent }, answer => {
      let took = 0
      answer.once('data', () => {
        took = performance.now() - start
        if (agent === false) resolve({ took, leave: () => answer.destroy() })
      })
      answer.on('end', () => resolve({ took, leave: () => {} }))
      answer.on('error', () => {})
    })
    sent.on('error', reject)
    sent.end(BODY)
  })
}

/** Direct and through the gateway in turns; on new connections the client leaves each stream after its first event. */
async function firstEvent({ port, upstreamPort }, count, isNew) {
  const times = { direct: [], gateway: [] }
  const agent = isNew ? false : new Agent({ keepAlive: true, maxSockets: 1 })
  for (let i = 0; i < count; i++) {
    for (const [name, at] of [
      ['direct', upstreamPort],
      ['gateway', port],
    ]) {
      const { took, leave } = await open(at, agent)
      leave()
      times[name].push(took)
    }
  }
  if (!isNew) agent.destroy()
  const [direct, through] = [median(times.direct), median(times.gateway)]
  console.log(
    `first event, ${isNew ? 'new' : 'kept'} connections: direct ${direct.toFixed(2)} ms, gateway ${through.toFixed(2)} ms, added ${(through - direct).toFixed(2)} ms (median of ${count})`,
  )
}

async function idle({ port }, pid, count) {
  const before = rssKilobytes(pid)
  const streams = []
  while (streams.length < count) {
    streams.push(...(await Promise.all(Array.from({ length: 50 }, () => open(port)))))
  }
  await sleep(2000)
  const kilobytes = rssKilobytes(pid) - before
  console.log(
    `${streams.length} idle streams: ${(kilobytes / streams.length).toFixed(1)} KB each, ${Math.round((before + kilobytes) / 1024)} MB in all`,
  )
  for (const { leave } of streams) leave()
}

/** What a streamed answer adds: time to its first event, and memory while nothing comes. */
export async function measureStreams(settings) {
  moveToCpu1()
  const upstream = await startStreams(settings.upstreamPort)
  const gateway = await startGateway(settings.folder, oneKey(settings.port, settings.upstreamPort))
  try {
    await firstEvent(settings, 300, true)
    for (const isNew of [true, false]) await firstEvent(settings, 1000, isNew)
    await idle(settings, gateway.pid, 1000)
  } finally {
    await gateway.stop()
    upstream.closeAllConnections()
    upstream.close()
  }
}
