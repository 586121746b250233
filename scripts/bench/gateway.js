import { spawn, spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { cpuMicros } from './process.js'

export function isThere(program) {
  return spawnSync('sh', ['-c', `command -v ${program}`]).status === 0
}

const canPin = process.platform === 'linux' && cpus().length > 1 && isThere('taskset')

/** Waits until a process has done next to nothing for a second: agw reads its files once more after its start. */
async function idle(pid) {
  let before = cpuMicros(pid)
  for (;;) {
    await sleep(1000)
    const now = cpuMicros(pid)
    if (now === undefined || now - before <= 20_000) return
    before = now
  }
}

/** The processes that a process has started. */
function childrenOf(pid) {
  const { stdout } = spawnSync('pgrep', ['-P', String(pid)], { encoding: 'latin1' })
  return stdout.split('\n').filter(Boolean).map(Number)
}

/**
 * `agw serve` as it was built, on CPU 0 where that can be said, its access log in a file; resolves once it is idle. `pids`
 * are all of its processes, the one that was started first.
 */
export function startGateway(folder, config, name = 'gateway', flags = []) {
  const path = join(folder, `${name}.yaml`)
  writeFileSync(path, JSON.stringify(config), { mode: 0o600 })
  const log = join(folder, `${name}.log`)
  return start(['bin/run.js', 'serve', '--json', '-f', path, '--access-log', log, ...flags], '"ready"')
}

/** The bare relay, on CPU 0 too, by as many workers of `node:cluster` as are asked for. */
export function startRelay(port, upstreamPort, workers = 1) {
  const program = fileURLToPath(new URL('relay.js', import.meta.url))
  return start([program, port, upstreamPort, workers].map(String), 'ready')
}

async function start(command, readyWord) {
  const [program, ...args] = [...(canPin ? ['taskset', '-c', '0'] : []), process.execPath, ...command]
  const gateway = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  await new Promise((resolve, reject) => {
    gateway.once('exit', code => reject(new Error(`it ended with status ${code}`)))
    gateway.stdout.on('data', chunk => {
      if (chunk.toString().includes(readyWord)) resolve()
    })
  })
  gateway.removeAllListeners('exit')
  await idle(gateway.pid)
  const stop = async () => {
    gateway.kill('SIGTERM')
    await new Promise(resolve => gateway.once('exit', resolve))
  }
  /** Resolves when it says so. */
  const told = text =>
    new Promise(resolve => {
      const hear = chunk => {
        if (!chunk.toString().includes(text)) return
        gateway.stdout.off('data', hear)
        resolve()
      }
      gateway.stdout.on('data', hear)
    })
  return { pid: gateway.pid, pids: [gateway.pid, ...childrenOf(gateway.pid)], stop, told }
}

/** The load and all it starts stay off the gateway's CPU. */
export function moveToCpu1() {
  if (canPin) spawnSync('taskset', ['-cp', '1', String(process.pid)])
}
