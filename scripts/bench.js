// What one request costs the gateway, beside nginx doing the least a key-injecting gateway does: `npm run bench`.
//
// Linux with nginx and wrk (Debian: nginx-light wrk): nginx and the gateway take turns on CPU 0, upstream and load are on
// CPU 1, and the kernel's own accounting gives the CPU time of a request. That figure, and still more the ratio, holds on
// a noisy machine. Without them: load and upstream by Node, and no yardstick.
//
// BENCH_SECONDS=4 BENCH_ROUNDS=3 BENCH_CONNECTIONS=32; BENCH_COMPARE names another program to do the comparing, which is
// called with the gateway's port and process ID and finds its upstream's port in UP_PORT.
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { compareWithNginx } from './bench/nginx.js'
import { measureAlone } from './bench/node.js'

const folder = mkdtempSync(join(tmpdir(), 'agw-bench-'))
const upstreamPort = Number(process.env.UP_PORT ?? 18081)
const port = Number(process.env.BENCH_PORT ?? 18083)
const settings = {
  folder,
  port,
  upstreamPort,
  seconds: Number(process.env.BENCH_SECONDS ?? 4),
  rounds: Number(process.env.BENCH_ROUNDS ?? 3),
  connections: Number(process.env.BENCH_CONNECTIONS ?? 32),
}

function isThere(program) {
  return spawnSync('sh', ['-c', `command -v ${program}`]).status === 0
}

/** One OpenAI-compatible backend with a key, access log on. */
function writeConfig() {
  const ai = { name: 'openai', hostOverride: `127.0.0.1:${upstreamPort}`, provider: { openAI: {} } }
  const policies = { backendAuth: { key: 'sk-bench-0123456789abcdef0123456789abcdef' } }
  const config = { binds: [{ port, listeners: [{ routes: [{ backends: [{ ai }], policies }] }] }] }
  const path = join(folder, 'config.yaml')
  writeFileSync(path, JSON.stringify(config), { mode: 0o600 })
  return path
}

/** `agw serve` as it was built, on CPU 0 where that can be said; resolves once it listens. */
function startGateway() {
  const log = join(folder, 'access.log')
  const command = ['bin/run.js', 'serve', '--json', '-f', writeConfig(), '--access-log', log]
  const pin =
    process.platform === 'linux' && cpus().length > 1 && isThere('taskset') ? ['taskset', '-c', '0'] : []
  const [program, ...args] = [...pin, process.execPath, ...command]
  const gateway = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  return new Promise((resolve, reject) => {
    gateway.once('exit', code => reject(new Error(`the gateway ended with status ${code}`)))
    gateway.stdout.on('data', chunk => {
      if (chunk.toString().includes('"ready"')) resolve(gateway)
    })
  })
}

function compareWith(program, gateway) {
  const env = { ...process.env, UP_PORT: String(upstreamPort), CONNS: String(settings.connections) }
  const { status } = spawnSync(program, [String(port), String(gateway.pid)], { stdio: 'inherit', env })
  if (status !== 0) process.exitCode = 1
}

const gateway = await startGateway()
try {
  const hasTools = process.platform === 'linux' && ['nginx', 'wrk', 'taskset'].every(isThere)
  if (process.env.BENCH_COMPARE) compareWith(process.env.BENCH_COMPARE, gateway)
  else if (hasTools) await compareWithNginx(settings, gateway.pid)
  else await measureAlone(settings, gateway.pid)
} finally {
  gateway.removeAllListeners('exit')
  gateway.kill('SIGTERM')
  await new Promise(resolve => gateway.once('exit', resolve))
  rmSync(folder, { recursive: true, force: true })
}
