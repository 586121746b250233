import { connect } from 'node:net'
import { beInterruptible, keepAwake } from './awake.js'
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

/** How the moments at which requests leave come about: `next` calls back at the next of them. */
const SPACINGS = {
  // By the clock, which this process looks at all the time: one by one, in even distances.
  evenly: next => setImmediate(next),
  // By a timer of a millisecond, as load generators have them: at 3,000 a second three at a time.
  'in threes': next => setTimeout(next, 1),
}

/** So many requests a second, whatever the answers take; their times, in order of size. */
async function load(port, perSecond, seconds, spacing) {
  const wait = SPACINGS[spacing]
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
          wait(tick)
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

/** One turn for each; prints them, and adds to `added` what 50 and 99 of 100 requests took more than directly, in milliseconds. */
async function round({ upstreamPort, port, seconds }, perSecond, spacing, added) {
  const ports = { direct: upstreamPort, relay: port + 1, gateway: port }
  let direct
  for (const [name, to] of Object.entries(ports)) {
    await load(to, perSecond, SETTLING, spacing)
    const times = await load(to, perSecond, seconds, spacing)
    const [p50, p99] = [0.5, 0.99].map(share => times[Math.floor(times.length * share)])
    const perSecondDone = Math.round(times.length / seconds)
    console.log(
      `${name.padEnd(8)} requests_per_second=${perSecondDone} p50=${p50.toFixed(2)}ms p99=${p99.toFixed(2)}ms`,
    )
    direct ??= { p50, p99 }
    if (name !== 'direct') added[name].push({ p50: p50 - direct.p50, p99: p99 - direct.p99 })
  }
}

/** The same rate to the upstream directly, through the bare relay and through the gateway, in turns. */
export async function measureRate(settings, perSecond = 3000) {
  moveToCpu1()
  const { port, upstreamPort, rounds } = settings
  const upstream = await startUpstream(settings)
  const relay = await startRelay(port + 1, upstreamPort)
  const gateway = await startGateway(settings.folder, oneKey(port, upstreamPort))
  // The upstream has the same processor as the load, and goes first. Programs that are started from now on would be like it.
  beInterruptible()
  try {
    // Code that runs for the first time is slow: at the full rate requests would pile up.
    for (const at of [relay, gateway].keys()) await load(port + at, perSecond / 5, 8, 'in threes')
    for (const [spacing, isAwake] of [
      ['evenly', true],
      ['in threes', false],
    ]) {
      console.log(`${spacing}, the gateway's processor ${isAwake ? 'kept awake' : 'asleep in between'}:`)
      const stop = isAwake ? keepAwake(0) : () => {}
      const added = { relay: [], gateway: [] }
      try {
        for (let turn = 0; turn < rounds; turn++) await round(settings, perSecond, spacing, added)
      } finally {
        stop()
      }
      for (const [name, all] of Object.entries(added)) {
        const [p50, p99] = ['p50', 'p99'].map(which => median(all.map(one => one[which])).toFixed(2))
        console.log(`${name}: p50_added=${p50}ms p99_added=${p99}ms`)
      }
    }
  } finally {
    await Promise.all([relay.stop(), gateway.stop()])
    upstream.stop()
  }
}
