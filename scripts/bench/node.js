import { Agent, createServer, request } from 'node:http'
import { ANSWER, PATH, REQUEST } from './payload.js'
import { cpuMicros, printRound, rssMegabytes } from './process.js'

const HEADERS = {
  'content-type': 'application/json',
  'content-length': Buffer.byteLength(REQUEST),
  authorization: 'Bearer client',
}

function send(port, agent) {
  return new Promise((resolve, reject) => {
    const sent = request(
      { host: '127.0.0.1', port, method: 'POST', path: PATH, headers: HEADERS, agent },
      answer => {
        answer
          .resume()
          .on('end', () => (answer.statusCode === 200 ? resolve() : reject(new Error('not 200'))))
      },
    )
    sent.on('error', reject)
    sent.end(REQUEST)
  })
}

/** Requests one after the other on each connection, for some seconds; the times they took, in milliseconds. */
async function load(port, connections, seconds) {
  const agent = new Agent({ keepAlive: true, maxSockets: connections })
  const end = performance.now() + seconds * 1000
  const times = []
  const client = async () => {
    while (performance.now() < end) {
      const start = performance.now()
      await send(port, agent)
      times.push(performance.now() - start)
    }
  }
  await Promise.all(Array.from({ length: connections }, client))
  agent.destroy()
  return times.sort((a, b) => a - b)
}

/** The small form: upstream and load in this process, no yardstick. */
export async function measureAlone({ port, upstreamPort, seconds, rounds, connections }, pid) {
  console.log('nginx, wrk or taskset is missing: load and upstream by Node, and nothing to compare with')
  const upstream = createServer((incoming, response) => {
    incoming.resume().on('end', () => {
      response.writeHead(200, {
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(ANSWER),
      })
      response.end(ANSWER)
    })
  })
  await new Promise(resolve => upstream.listen(upstreamPort, '127.0.0.1', resolve))
  try {
    await load(port, connections, 2)
    for (let round = 0; round < rounds; round++) {
      const before = cpuMicros(pid)
      const times = await load(port, connections, seconds)
      const micros = before === undefined ? undefined : cpuMicros(pid) - before
      const at = share => `${times[Math.floor(times.length * share)].toFixed(2)}ms`
      const perSecond = times.length / seconds
      printRound('gateway', {
        micros,
        requests: times.length,
        perSecond,
        p50: at(0.5),
        p99: at(0.99),
        rss: rssMegabytes(pid),
      })
    }
  } finally {
    upstream.closeAllConnections()
    upstream.close()
  }
}
