import { renameSync, writeFileSync } from 'node:fs'
import { Agent, createServer, request } from 'node:http'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { CLIENT_KEY, virtualKeys } from './configs.js'
import { startGateway } from './gateway.js'
import { PATH } from './payload.js'
import { cpuMicros, rssMegabytes } from './process.js'

const KEYS = 100_000

/** What a reload of a config with 100,000 virtual keys costs, and how long requests wait meanwhile. */
export async function measureReload({ folder, port, upstreamPort, rounds }) {
  const upstream = createServer((incoming, answer) => incoming.resume().on('end', () => answer.end('{}')))
  await new Promise(resolve => upstream.listen(upstreamPort, '127.0.0.1', resolve))
  const config = virtualKeys(port, upstreamPort, KEYS)
  const gateway = await startGateway(folder, config, 'reload')
  const agent = new Agent({ keepAlive: true })
  const path = join(folder, 'reload.yaml')
  try {
    console.log(
      `started: ${seconds(cpuMicros(gateway.pid))} s of processor time, ${rssMegabytes(gateway.pid)} MB`,
    )
    for (let round = 1; round <= rounds; round++) {
      config.binds[0].listeners[0].routes[0].name = `round-${round}`
      writeFileSync(`${path}.next`, JSON.stringify(config), { mode: 0o600 })
      const before = cpuMicros(gateway.pid)
      const reloaded = gateway.told('"reloaded"')
      renameSync(`${path}.next`, path)
      const times = await askUntil(reloaded, port, agent)
      const at = share => (times[Math.floor((times.length - 1) * share)] ?? Number.NaN).toFixed(1)
      console.log(
        `reload ${round}: ${seconds(cpuMicros(gateway.pid) - before)} s of processor time; ${times.length} requests meanwhile took ${at(0.5)} ms (median), ${at(0.99)} (99 of 100), ${at(1)} (longest); ${rssMegabytes(gateway.pid)} MB`,
      )
    }
  } finally {
    agent.destroy()
    await gateway.stop()
    upstream.close()
  }
}

async function askUntil(end, port, agent) {
  let isOver = false
  end.then(() => {
    isOver = true
  })
  const times = []
  while (!isOver) {
    const since = performance.now()
    await ask(port, agent)
    times.push(performance.now() - since)
    await sleep(5)
  }
  return times.sort((a, b) => a - b)
}

function ask(port, agent) {
  const headers = { authorization: `Bearer ${CLIENT_KEY}`, 'content-type': 'application/json' }
  return new Promise((resolve, reject) => {
    const one = request({ port, path: PATH, method: 'POST', headers, agent }, answer => {
      if (answer.statusCode !== 200) reject(new Error(`status ${answer.statusCode} during a reload`))
      answer.resume().on('end', resolve)
    })
    one.on('error', reject)
    one.end('{"model":"gpt-4o","messages":[{"role":"user","content":"hello"}]}')
  })
}

function seconds(micros) {
  return (micros / 1e6).toFixed(1)
}
