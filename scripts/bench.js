// What a request costs the gateway: `npm run bench -- [request|model|keys|reload|routes|workers|rate|streams]`.
//
//   request  one host with a key, access log and metrics on, beside nginx doing the least a key-injecting gateway does, and
//            beside a bare relay of `node:http` and undici (the default)
//   model    the same with a provider of models, whose requests and token counts are read
//   keys     the same as that, with 100,000 virtual keys and a token limit
//   reload   a change of that config: its cost, and what requests take meanwhile
//   routes   10,000 routes beside 10
//   workers  two workers beside one process: how many more requests go through, each held to a share of a processor (as root)
//   rate     3,000 requests a second: what the gateway and a bare relay add to the time of one; evenly, on a processor that
//            does not sleep, and in threes on one that does
//   streams  time to the first event of a stream, and memory of 1,000 idle ones; likewise awake and asleep
//
// Linux with nginx and wrk (Debian: nginx-light wrk): what is compared takes turns on CPU 0, upstream and load are on
// CPU 1, and the kernel's own accounting gives the CPU time of a request. That figure, and still more the ratio, holds on
// a noisy machine. Without them `request` still runs, load and upstream by Node, and no yardstick.
//
// BENCH_SECONDS=4 BENCH_ROUNDS=3 BENCH_CONNECTIONS=32; BENCH_COMPARE names another program to do the comparing of
// `request`, `model` and `keys`, which is called with the gateway's port and process ID and finds its upstream's port in UP_PORT.
// BENCH_RIVAL is another gateway that takes its turns in these, as JSON: {"name": "…", "port": 1, "pids": [1], "headers": {}};
// it has to run on CPU 0 by then (taskset -c 0), and to go to the same upstream. All are sent the headers that it needs.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CLIENT_KEY, hostKey, oneKey, routes, virtualKeys } from './bench/configs.js'
import { isThere, startGateway } from './bench/gateway.js'
import { alternate, compareWithNginx, startUpstream, writeLoad } from './bench/nginx.js'
import { measureAlone } from './bench/node.js'
import { measureRate } from './bench/rate.js'
import { measureReload } from './bench/reload.js'
import { measureStreams } from './bench/streams.js'
import { measureWorkers } from './bench/workers.js'

const folder = mkdtempSync(join(tmpdir(), 'agw-bench-'))
const settings = {
  folder,
  port: Number(process.env.BENCH_PORT ?? 18083),
  upstreamPort: Number(process.env.UP_PORT ?? 18081),
  seconds: Number(process.env.BENCH_SECONDS ?? 4),
  rounds: Number(process.env.BENCH_ROUNDS ?? 3),
  connections: Number(process.env.BENCH_CONNECTIONS ?? 32),
  rival: process.env.BENCH_RIVAL === undefined ? undefined : JSON.parse(process.env.BENCH_RIVAL),
}
const { port, upstreamPort } = settings
const hasTools = process.platform === 'linux' && ['nginx', 'wrk', 'taskset'].every(isThere)

function compareBy(program, gateway) {
  const env = {
    ...process.env,
    UP_PORT: String(upstreamPort),
    CONNS: String(settings.connections),
    BENCH_KEY: CLIENT_KEY,
  }
  const { status } = spawnSync(program, [String(port), String(gateway.pid)], { stdio: 'inherit', env })
  if (status !== 0) process.exitCode = 1
}

async function compare(config) {
  const gateway = await startGateway(folder, config)
  try {
    if (process.env.BENCH_COMPARE) return compareBy(process.env.BENCH_COMPARE, gateway)
    if (!hasTools) return await measureAlone(settings, gateway.pid)
    const upstream = await startUpstream(settings)
    writeLoad(settings, CLIENT_KEY)
    try {
      await compareWithNginx(settings, gateway.pid)
    } finally {
      upstream.stop()
    }
  } finally {
    await gateway.stop()
  }
}

/** Two gateways take turns; a contestant is `[name, config]`, its config made for a port. */
async function compareGateways(...contestants) {
  const upstream = await startUpstream(settings)
  writeLoad(settings, CLIENT_KEY)
  const started = []
  try {
    for (const [name, config] of contestants) {
      const at = port + started.length
      const gateway = await startGateway(folder, config(at), name)
      started.push({ ...gateway, name, port: at })
    }
    alternate(settings, ...started)
  } finally {
    await Promise.all(started.map(({ stop }) => stop()))
    upstream.stop()
  }
}

function compareRoutes() {
  const withRoutes = count => at => routes(at, upstreamPort, count)
  return compareGateways(['10', withRoutes(10)], ['10,000', withRoutes(10_000)])
}

const ROWS = {
  request: () => compare(hostKey(port, upstreamPort)),
  model: () => compare(oneKey(port, upstreamPort)),
  keys: () => compare(virtualKeys(port, upstreamPort, 100_000)),
  reload: () => measureReload(settings),
  routes: compareRoutes,
  workers: () => measureWorkers(settings),
  rate: () => measureRate(settings),
  streams: () => measureStreams(settings),
}

const row = process.argv[2] ?? 'request'
try {
  if (ROWS[row] === undefined)
    throw new Error(`no such row: ${row}; there are ${Object.keys(ROWS).join(', ')}`)
  await ROWS[row]()
} finally {
  rmSync(folder, { recursive: true, force: true })
}
