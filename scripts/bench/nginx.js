import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
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

/** Load by wrk from CPU 1 for some seconds, and what it cost the processes. */
function measure({ folder, connections }, seconds, port, pids) {
  const before = cpuMicros(...pids)
  const script = join(folder, 'load.lua')
  const args = ['-c', '1', 'wrk', '-t1', `-c${connections}`, `-d${seconds}s`, '--latency', '-s', script]
  const { stdout } = spawnSync('taskset', [...args, `http://127.0.0.1:${port}`], { encoding: 'latin1' })
  const micros = cpuMicros(...pids) - before
  const pick = pattern => pattern.exec(stdout)?.[1] ?? '?'
  const isClean = !/Non-2xx|Socket errors/.test(stdout)
  const requests = Number(pick(/(\d+) requests in/))
  const perSecond = Number(pick(/Requests\/sec:\s+([\d.]+)/))
  return {
    isClean,
    micros,
    requests,
    perSecond,
    p50: pick(/50%\s+(\S+)/),
    p99: pick(/99%\s+(\S+)/),
    rss: rssMegabytes(pids[0]),
  }
}

/** nginx and the gateway take turns; prints each round and, last, the median of the ratios. */
export async function compareWithNginx(settings, gatewayPid) {
  const { folder, port, upstreamPort, seconds, rounds } = settings
  const proxyPort = upstreamPort + 1
  const body = `'${ANSWER.replaceAll("'", "\\'")}'`
  const headers = `headers = {["Content-Type"]="application/json", ["Authorization"]="Bearer client"}`
  writeFileSync(
    join(folder, 'load.lua'),
    `wrk.method = "POST" wrk.path = "${PATH}" wrk.${headers} wrk.body = [==[${REQUEST}]==]`,
  )
  const upstream = await startNginx(
    folder,
    'upstream',
    1,
    `server { listen 127.0.0.1:${upstreamPort}; location / { default_type application/json; return 200 ${body}; } }`,
  )
  const proxy = await startNginx(
    folder,
    'proxy',
    0,
    `upstream up { server 127.0.0.1:${upstreamPort}; keepalive 512; keepalive_requests 100000000; }
     server { listen 127.0.0.1:${proxyPort}; location / {
       proxy_pass http://up; proxy_http_version 1.1; proxy_set_header Connection '';
       proxy_set_header Authorization 'Bearer sk-bench'; proxy_request_buffering off; proxy_buffering off; } }`,
  )
  try {
    measure(settings, 2, port, [gatewayPid])
    const ratios = []
    for (let round = 0; round < rounds; round++) {
      const yardstick = measure(settings, seconds, proxyPort, proxy.workers)
      printRound('nginx', yardstick)
      const gateway = measure(settings, seconds, port, [gatewayPid])
      printRound('gateway', gateway)
      if (!yardstick.isClean || !gateway.isClean)
        throw new Error('some answers were not 2xx, or sockets failed')
      ratios.push(gateway.micros / gateway.requests / (yardstick.micros / yardstick.requests))
    }
    console.log(`ratio=${median(ratios).toFixed(2)}`)
  } finally {
    upstream.stop()
    proxy.stop()
  }
}
