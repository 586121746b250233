import { readFileSync } from 'node:fs'

/** CPU time of processes in microseconds, user and system, as the kernel counts it; undefined where it cannot be read. */
export function cpuMicros(...pids) {
  try {
    const ticks = pids.map(pid => {
      const fields = readFileSync(`/proc/${pid}/stat`, 'latin1')
        .replace(/^.*\) /, '')
        .split(' ')
      return Number(fields[11]) + Number(fields[12])
    })
    // The kernel tells times in hundredths of a second, whatever it counts in itself.
    return ticks.reduce((sum, one) => sum + one, 0) * 10_000
  } catch {
    return undefined
  }
}

/** Memory of a process in KB. */
export function rssKilobytes(pid) {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1])
}

/** The same in MB; undefined where it cannot be read. */
export function rssMegabytes(pid) {
  try {
    return Math.round(rssKilobytes(pid) / 1024)
  } catch {
    return undefined
  }
}

/** One line of the report. */
export function printRound(name, { micros, requests, perSecond, p50, p99, rss }) {
  const cpu = micros === undefined ? '?' : (micros / requests).toFixed(1)
  console.log(
    `${name.padEnd(8)} cpu_us_per_request=${cpu.padEnd(6)} requests_per_second=${String(Math.round(perSecond)).padEnd(7)} p50=${p50.padEnd(9)} p99=${p99.padEnd(9)} rss_mb=${rss ?? '?'}`,
  )
}

export function median(values) {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor((sorted.length - 1) / 2)]
}
