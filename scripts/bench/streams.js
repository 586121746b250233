import { createServer, request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { oneKey } from './configs.js'
import { moveToCpu1, startGateway } from './gateway.js'
import { PATH } from './payload.js'
import { median, rssKilobytes } from './process.js'

const BODY = JSON.stringify({ model: 'gpt-4o-mini', stream: true, messages: [] })
const EVENT = `data: ${JSON.stringify({ choices: [{ index: 0, delta: { content: 'loop' } }] })}\n\n`

/** Answers at once with a head and one event; goes on only when the client leaves. */
async function startStreams(port) {
  const server = createServer((incoming, response) => {
    incoming.resume().on('end', () => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write(EVENT)
    })
  })
  await new Promise(resolve => server.listen(port, '127.0.0.1', 4096, resolve))
  return server
}

/** Opens a stream; tells how long its first event took, in milliseconds, and how to leave. */
function open(port) {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', authorization: 'Bearer client' }
    const start = performance.now()
    const sent = request(
      { host: '127.0.0.1', port, method: 'POST', path: PATH, headers, agent: false },
      answer => {
        answer.once('data', () => resolve({ took: performance.now() - start, leave: () => answer.destroy() }))
        answer.on('error', () => {})
      },
    )
    sent.on('error', reject)
    sent.end(BODY)
  })
}

/** Direct and through the gateway in turns, a new connection each time. */
async function firstEvent({ port, upstreamPort }, count) {
  const times = { direct: [], gateway: [] }
  for (let i = 0; i < count; i++) {
    for (const [name, at] of [
      ['direct', upstreamPort],
      ['gateway', port],
    ]) {
      const { took, leave } = await open(at)
      leave()
      times[name].push(took)
    }
  }
  const [direct, through] = [median(times.direct), median(times.gateway)]
  console.log(
    `first event: direct ${direct.toFixed(2)} ms, gateway ${through.toFixed(2)} ms, added ${(through - direct).toFixed(2)} ms (median of ${count})`,
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
    await firstEvent(settings, 300)
    await firstEvent(settings, 1000)
    await idle(settings, gateway.pid, 1000)
  } finally {
    await gateway.stop()
    upstream.closeAllConnections()
    upstream.close()
  }
}
