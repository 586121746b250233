// A yardstick: `node relay.js PORT UPSTREAM_PORT [WORKERS]` puts a key in and passes the request on, by `node:http` and `undici`,
// in the cheapest way that was found, and does nothing else. Not a gateway: no failure has an answer, nothing has a limit. agw
// reads its clients' HTTP by itself, and makes such calls over connections of its own.
import cluster from 'node:cluster'
import { createServer } from 'node:http'
import { Pool } from 'undici'

const [port, upstreamPort, workers = 1] = process.argv.slice(2).map(Number)
const pool = new Pool(`http://127.0.0.1:${upstreamPort}`, { headersTimeout: 0, bodyTimeout: 0 })
const NOT_PASSED = new Set(['connection', 'keep-alive', 'transfer-encoding', 'host', 'authorization', 'date'])

class Relay {
  #response
  #missing = -1

  constructor(response) {
    this.#response = response
  }

  onConnect() {}

  onHeaders(status, raw) {
    const headers = []
    for (let i = 0; i < raw.length; i += 2) {
      const name = raw[i].toString('latin1').toLowerCase()
      if (NOT_PASSED.has(name)) continue
      const value = raw[i + 1].toString('latin1')
      if (name === 'content-length') this.#missing = Number(value)
      headers.push(name, value)
    }
    this.#response.writeHead(status, headers)
    return true
  }

  onData(chunk) {
    this.#missing -= chunk.length
    // With its last chunk, so that head and body leave in one write.
    if (this.#missing === 0) this.#response.end(chunk)
    else this.#response.write(chunk)
    return true
  }

  onComplete() {
    if (!this.#response.writableEnded) this.#response.end()
  }

  onError(error) {
    this.#response.destroy(error)
  }
}

function serve() {
  const server = createServer((request, response) => {
    const chunks = []
    request.on('data', chunk => chunks.push(chunk))
    request.on('end', () => {
      const headers = ['authorization', 'Bearer sk-bench']
      const raw = request.rawHeaders
      for (let i = 0; i < raw.length; i += 2)
        if (!NOT_PASSED.has(raw[i].toLowerCase())) headers.push(raw[i], raw[i + 1])
      const body = chunks.length === 1 ? chunks[0] : Buffer.concat(chunks)
      pool.dispatch({ path: request.url, method: request.method, headers, body }, new Relay(response))
    })
  })
  server.keepAliveTimeout = 60_000
  server.listen(port, '127.0.0.1', () => console.log('ready'))
}

if (workers === 1 || cluster.isWorker) serve()
else for (let i = 0; i < workers; i++) cluster.fork()
