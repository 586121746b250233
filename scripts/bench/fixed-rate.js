import { connect } from 'node:net'
import { PATH, REQUEST } from './payload.js'

const BYTES = Buffer.from(
  `POST ${PATH} HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer client\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(REQUEST)}\r\n\r\n${REQUEST}`,
)

/** Where answers take as long as it takes to get here, their times say nothing of the gateway. */
const MOST_UNDER_WAY = 2000

/** How the moments come about at which requests leave: `next` calls back at the next, at most `pause` milliseconds away. */
const SPACINGS = {
  // By the clock, which this process looks at all the time: one by one, in even distances.
  evenly: { next: setImmediate, pause: 0 },
  // By a timer of a millisecond, which may come one late, as load generators have them: at 3,000 a second three at a time.
  'in threes': { next: tick => setTimeout(tick, 1), pause: 2 },
}

/**
 * Milliseconds that the load may be late by. Where it is later, something has held it up that is not the gateway: what it
 * should have sent meanwhile would be a burst and no fixed rate, and how long the requests under way have taken it cannot know.
 */
const HELD_UP = 0.5
/** What one answer or request may have to do with that: many answers at once are the gateway's doing, and count. */
const MOST_WORK = 0.1

/** A connection that carries one request at a time and calls back with itself once its answer is here, or with an error. */
class Connection {
  startedAt = 0
  /** Whether its time says something. */
  counts = true
  #socket
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
    this.startedAt = performance.now()
    this.counts = true
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
    if (this.#missing === 0) done(this)
  }

  close() {
    this.#socket.destroy()
  }
}

/** Requests at a fixed rate, and what they have taken. */
class Load {
  #port
  #perSecond
  #seconds
  #spacing
  #all = []
  #free = []
  #underWay = new Set()
  /** Milliseconds, of answers that count for sure. */
  #times = []
  /** Of answers since the last look at the clock: should the load have been held up meanwhile, they do not count. */
  #fresh = []
  #leftOut = 0
  /** Requests that are due by now were sent, or left out. */
  #due = 0
  #start = 0
  #lookedAt = 0
  /** Milliseconds of its own work since then. */
  #worked = 0
  #resolve
  #reject

  constructor(port, perSecond, seconds, spacing) {
    this.#port = port
    this.#perSecond = perSecond
    this.#seconds = seconds
    this.#spacing = SPACINGS[spacing]
  }

  async run() {
    try {
      await new Promise((resolve, reject) => {
        this.#resolve = resolve
        this.#reject = reject
        this.#start = this.#lookedAt = performance.now()
        this.#tick()
      })
    } finally {
      for (const connection of this.#all) connection.close()
    }
    if (this.#times.length === 0)
      throw new Error('the machine is too busy: the load was held up all the time, and no answer counts')
    return { times: this.#times.sort((a, b) => a - b), leftOut: this.#leftOut }
  }

  #tick() {
    const now = performance.now()
    if (now - this.#start > this.#seconds * 1000) return this.#resolve()
    const due = ((now - this.#start) / 1000) * this.#perSecond
    const isHeldUp = now - this.#lookedAt - this.#worked > this.#spacing.pause + HELD_UP
    this.#lookedAt = now
    this.#worked = 0
    if (isHeldUp) this.#leaveOut(due)
    else this.#times.push(...this.#fresh)
    this.#fresh.length = 0
    try {
      for (; this.#due < due; this.#due++) this.#send()
      this.#spacing.next(() => this.#tick())
    } catch (error) {
      this.#reject(error)
    }
  }

  #leaveOut(due) {
    const missed = Math.max(0, Math.floor(due) - this.#due)
    this.#due += missed
    this.#leftOut += this.#fresh.length + missed
    for (const connection of this.#underWay) {
      // It may have been under way the last time, too.
      if (connection.counts) this.#leftOut += 1
      connection.counts = false
    }
  }

  #send() {
    const connection = this.#free.pop() ?? this.#open()
    this.#underWay.add(connection)
    connection.send()
    this.#work(connection.startedAt)
  }

  #open() {
    if (this.#all.length === MOST_UNDER_WAY)
      throw new Error(`the machine does not keep up: ${MOST_UNDER_WAY} requests wait for their answers`)
    const connection = new Connection(this.#port, this.#done, this.#reject)
    this.#all.push(connection)
    return connection
  }

  #done = connection => {
    const now = performance.now()
    if (connection.counts) this.#fresh.push(now - connection.startedAt)
    this.#underWay.delete(connection)
    this.#free.push(connection)
    this.#work(now)
  }

  #work(since) {
    this.#worked += Math.min(performance.now() - since, MOST_WORK)
  }
}

/**
 * So many requests a second to a port, whatever the answers take; `spacing` is `evenly` or `in threes`. Gives their times in
 * milliseconds, in order of size, and how many were left out because the load itself was held up.
 */
export function load(port, perSecond, seconds, spacing) {
  return new Load(port, perSecond, seconds, spacing).run()
}
