import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { startRelay } from './gateway.js'
import { ANSWER, PATH, REQUEST } from './payload.js'
import { cpuMicros, median, printRound, rssMegabytes } from './process.js'

/** An nginx with one worker on one CPU; `server` is its only server block. */
async function startNginx(folder, name, cpu, server) {
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    kind => `${kind}_temp_path ${folder}/${name}-${kind};`,
  )
  const config = `
    worker_processes 1; daemon off; pid ${folder}/${name}.pid; error_log ${folder}/${name}.err;
    events { worker_connections 8192; }
    http {
      access_log off; keepalive_requests 100000000; client_body_buffer_size 64k; ${paths.join(' ')}
      ${server}
    }`
  const path = join(folder, `${name}.conf`)
  writeFileSync(path, config)
  const started = spawn('taskset', ['-c', String(cpu), 'nginx', '-p', folder, '-c', path], {
    stdio: 'inherit',
  })
  while (!existsSync(join(folder, `${name}.pid`))) await sleep(20)
  await sleep(100)
  const master = Number(readFileSync(join(folder, `${name}.pid`), 'latin1'))
  const workers = execFileSync('pgrep', ['-P', String(master)], { encoding: 'latin1' })
    .trim()
    .split('\n')
    .map(Number)
  return { workers, stop: () => started.kill('SIGTERM') }
}

/** Answers every request with the same completion, on CPU 1. */
export function startUpstream({ folder, upstreamPort }) {
  const body = `'${ANSWER.replaceAll("'", "\\'")}'`
  return startNginx(
    folder,
    'upstream',
    1,
    `server { listen 127.0.0.1:${upstreamPort}; location / { default_type application/json; return 200 ${body}; } }`,
  )
}

/** The yardstick: replaces one header and passes the request on, on CPU 0. */
function startProxy({ folder, upstreamPort }, port) {
  return startNginx(
    folder,
    'proxy',
    0,
    `upstream up { server 127.0.0.1:${upstreamPort}; keepalive 512; keepalive_requests 100000000; }
     server { listen 127.0.0.1:${port}; location / {
       proxy_pass http://up; proxy_http_version 1.1; proxy_set_header Connection '';
       proxy_set_header Authorization 'Bearer sk-bench'; proxy_request_buffering off; proxy_buffering off; } }`,
  )
}

/** Tells wrk what to send. */
export function writeLoad({ folder, rival }, clientKey) {
  const all = {
    'Content-Type': 'application/json',
    Authorization: `Bearer ${clientKey}`,
    ...rival?.headers,
  }
  const headers = `headers = {${Object.entries(all).map(([name, value]) => `["${name}"]="${value}"`)}}`
  writeFileSync(
    join(folder, 'load.lua'),
    `wrk.method = "POST" wrk.path = "${PATH}" wrk.${headers} wrk.body = [==[${REQUEST}]==]`,
  )
}

/** Load by wrk from CPU 1 for some seconds, and what it cost the processes. Throws when an answer was not 2xx. */
export function measure({ folder, connections }, seconds, port, pids) {
  const before = cpuMicros(...pids)
  const script = join(folder, 'load.lua')
  const args = ['-c', '1', 'wrk', '-t1', `-c${connections}`, `-d${seconds}s`, '--latency', '-s', script]
  const { stdout } = spawnSync('taskset', [...args, `http://127.0.0.1:${port}`], { encoding: 'latin1' })
  const micros = cpuMicros(...pids) - before
  const trouble = /(?:Non-2xx|Socket errors).*/.exec(stdout)
  if (trouble !== null) throw new Error(`the figures do not count: ${trouble[0]}`)
  const pick = pattern => pattern.exec(stdout)?.[1] ?? '?'
  return {
    micros,
    requests: Number(pick(/(\d+) requests in/)),
    perSecond: Number(pick(/Requests\/sec:\s+([\d.]+)/)),
    // The table of quantiles starts its lines with them; the line above it has a percentage too.
    p50: pick(/^\s*50%\s+(\S+)/m),
    p99: pick(/^\s*99%\s+(\S+)/m),
    rss: rssMegabytes(pids[0]),
  }
}

/** Seconds of load before the first turn: code is compiled, and what reading the config has left behind is collected. */
export const WARM_UP = 10

/**
 * Processes take turns under the same load; prints each round and, last, for each but the first the median of its ratios
 * to the first. A contestant is `{name, port, pids}`.
 */
export function alternate(settings, first, ...others) {
  const all = [first, ...others]
  for (const { port, pids } of all) measure(settings, WARM_UP, port, pids)
  const ratios = others.map(() => [])
  for (let round = 0; round < settings.rounds; round++) {
    const [base, ...costs] = all.map(({ name, port, pids }) => {
      const figures = measure(settings, settings.seconds, port, pids)
      printRound(name, figures)
      return figures.micros / figures.requests
    })
    for (const [i, cost] of costs.entries()) ratios[i].push(cost / base)
  }
  for (const [i, { name }] of others.entries()) console.log(`${name}: ratio=${median(ratios[i]).toFixed(2)}`)
}

/** nginx, the bare relay, the gateway and, where one is named, a rival take turns. The upstream must be there. */
export async function compareWithNginx(settings, gatewayPid) {
  const port = settings.upstreamPort + 1
  const proxy = await startProxy(settings, port)
  const relayPort = settings.port + 1
  const relay = await startRelay(relayPort, settings.upstreamPort)
  try {
    alternate(
      settings,
      { name: 'nginx', port, pids: proxy.workers },
      { name: 'relay', port: relayPort, pids: relay.pids },
      { name: 'gateway', port: settings.port, pids: [gatewayPid] },
      ...(settings.rival === undefined ? [] : [settings.rival]),
    )
  } finally {
    await relay.stop()
    proxy.stop()
  }
}
