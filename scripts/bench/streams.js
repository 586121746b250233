import { Agent, createServer, request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { keepAwake } from './awake.js'
import { oneKey } from './configs.js'
import { moveToCpu1, startGateway, startRelay } from './gateway.js'
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

/**
 * In turns directly, through the bare relay and through the gateway; on new connections the client leaves each stream after
 * its first event, which the relay does not understand.
 */
async function firstEvents({ port, upstreamPort }, count, isNew) {
  const ports = { direct: upstreamPort, ...(isNew ? {} : { relay: port + 1 }), gateway: port }
  const agent = isNew ? false : new Agent({ keepAlive: true, maxSockets: 1 })
  const times = Object.fromEntries(Object.keys(ports).map(name => [name, []]))
  for (let i = 0; i < count; i++) {
    for (const [name, at] of Object.entries(ports)) {
      const { took, leave } = await open(at, agent)
      leave()
      times[name].push(took)
    }
  }
  if (!isNew) agent.destroy()
  return Object.entries(times).map(([name, all]) => [name, median(all)])
}

async function firstEvent(settings, count, isNew) {
  const [[, direct], ...others] = await firstEvents(settings, count, isNew)
  const added = others.map(
    ([name, took]) => `${name} ${took.toFixed(2)} ms, added ${(took - direct).toFixed(2)} ms`,
  )
  console.log(
    `first event, ${isNew ? 'new' : 'kept'} connections: direct ${direct.toFixed(2)} ms, ${added.join(', ')} (median of ${count})`,
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

/** Streams of each kind that do not count: V8 compiles what runs often, and measures are of a gateway that has run for a while. */
const WARM_UP = 3000

/** What a streamed answer adds: time to its first event, and memory while nothing comes. */
export async function measureStreams(settings) {
  moveToCpu1()
  const upstream = await startStreams(settings.upstreamPort)
  const relay = await startRelay(settings.port + 1, settings.upstreamPort)
  const gateway = await startGateway(settings.folder, oneKey(settings.port, settings.upstreamPort))
  try {
    // Before most of the others: then the process would have room from what is over.
    await firstEvents(settings, 300, true)
    await idle(settings, gateway.pid, 1000)
    for (const isNew of [true, false]) await firstEvents(settings, WARM_UP, isNew)
    for (const isAwake of [true, false]) {
      console.log(`processors ${isAwake ? 'kept awake' : 'asleep in between'}:`)
      const stop = isAwake ? keepAwake(0, 1) : () => {}
      try {
        for (let round = 0; round < settings.rounds; round++)
          for (const isNew of [true, false]) await firstEvent(settings, 1000, isNew)
      } finally {
        stop()
      }
    }
  } finally {
    await Promise.all([relay.stop(), gateway.stop()])
    upstream.closeAllConnections()
    upstream.close()
  }
}
