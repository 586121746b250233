import { connect } from 'node:net'
import { oneKey } from './configs.js'
import { moveToCpu1, startGateway, startRelay } from './gateway.js'
import { startUpstream } from './nginx.js'
import { PATH, REQUEST } from './payload.js'
import { median } from './process.js'

const BYTES = Buffer.from(
  `POST ${PATH} HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer client\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(REQUEST)}\r\n\r\n${REQUEST}`,
)

/** Where answers take as long as it takes to get here, their times say nothing of the gateway. */
const MOST_UNDER_WAY = 2000

/** A connection that carries one request at a time and calls back with its time, in milliseconds, or an error. */
class Connection {
  #socket
  #startedAt = 0
  #missing = -1

  constructor(port, done, fail) {
    this.#socket = connect({ port, host: '127.0.0.1', noDelay: true })
    this.#socket.on('data', chunk => {
      try {
        this.#onData(chunk, done)
      } catch (error) {
        fail(error)
      }
    })
    this.#socket.on('error', fail)
  }

  send() {
    this.#startedAt = performance.now()
    this.#missing = -1
    this.#socket.write(BYTES)
  }

  #onData(chunk, done) {
    if (this.#missing < 0) {
      const text = chunk.toString('latin1')
      if (!text.startsWith('HTTP/1.1 200')) throw new Error(`not 200: ${text.slice(0, 40)}`)
      const length = Number(/content-length: (\d+)/i.exec(text)?.[1])
      this.#missing = text.indexOf('\r\n\r\n') + 4 + length
    }
    this.#missing -= chunk.length
    if (this.#missing === 0) done(this, performance.now() - this.#startedAt)
  }

  close() {
    this.#socket.destroy()
  }
}

/**
 * So many requests a second, whatever the answers take; their times, in order of size. It sleeps between its ticks: load
 * that waits by running keeps the upstream, which has the same CPU, off it for a slice of the scheduler, 3 ms.
 */
async function load(port, perSecond, seconds) {
  const times = []
  const free = []
  const all = []
  let fail
  const done = (connection, took) => {
    times.push(took)
    free.push(connection)
  }
  const open = () => {
    if (all.length === MOST_UNDER_WAY)
      throw new Error(`the machine does not keep up: ${MOST_UNDER_WAY} requests wait for their answers`)
    const connection = new Connection(port, done, fail)
    all.push(connection)
    return connection
  }
  const start = performance.now()
  let sent = 0
  try {
    await new Promise((resolve, reject) => {
      fail = reject
      const tick = () => {
        const elapsed = (performance.now() - start) / 1000
        if (elapsed > seconds) return resolve()
        try {
          for (; sent < elapsed * perSecond; sent++) (free.pop() ?? open()).send()
          setTimeout(tick, 1)
        } catch (error) {
          reject(error)
        }
      }
      tick()
    })
  } finally {
    for (const connection of all) connection.close()
  }
  return times.sort((a, b) => a - b)
}

/** Seconds of a turn that do not count: connections are made, and what has cooled down meanwhile warms up. */
const SETTLING = 1.5

/** The same rate to the upstream directly, through the bare relay and through the gateway, in turns. */
export async function measureRate(settings, perSecond = 3000) {
  moveToCpu1()
  const { port, upstreamPort, seconds, rounds } = settings
  const upstream = await startUpstream(settings)
  const relay = await startRelay(port + 1, upstreamPort)
  const gateway = await startGateway(settings.folder, oneKey(port, upstreamPort))
  const ports = { direct: upstreamPort, relay: port + 1, gateway: port }
  try {
    // Code that runs for the first time is slow: at the full rate requests would pile up.
    for (const at of [relay, gateway].keys()) await load(port + at, perSecond / 5, 8)
    const added = { relay: [], gateway: [] }
    for (let round = 0; round < rounds; round++) {
      let direct = 0
      for (const [name, to] of Object.entries(ports)) {
        await load(to, perSecond, SETTLING)
        const times = await load(to, perSecond, seconds)
        const at = share => times[Math.floor(times.length * share)]
        console.log(
          `${name.padEnd(8)} requests_per_second=${Math.round(times.length / seconds)} p50=${at(0.5).toFixed(2)}ms p99=${at(0.99).toFixed(2)}ms`,
        )
        if (name === 'direct') direct = at(0.99)
        else added[name].push(at(0.99) - direct)
      }
    }
    for (const [name, times] of Object.entries(added))
      console.log(`${name}: p99_added=${median(times).toFixed(2)}ms`)
  } finally {
    await Promise.all([relay.stop(), gateway.stop()])
    upstream.stop()
  }
}
