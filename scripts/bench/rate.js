import { beInterruptible, keepAwake } from './awake.js'
import { oneKey } from './configs.js'
import { load } from './fixed-rate.js'
import { moveToCpu1, startGateway, startRelay } from './gateway.js'
import { startUpstream } from './nginx.js'
import { median } from './process.js'

/** Seconds of a turn that do not count: connections are made, and what has cooled down meanwhile warms up. */
const SETTLING = 1.5

/** One turn for each; prints them, and adds to `added` what 50 and 99 of 100 requests took more than directly, in milliseconds. */
async function round({ upstreamPort, port, seconds }, perSecond, spacing, added) {
  const ports = { direct: upstreamPort, relay: port + 1, gateway: port }
  let direct
  for (const [name, to] of Object.entries(ports)) {
    await load(to, perSecond, SETTLING, spacing)
    const { times, leftOut } = await load(to, perSecond, seconds, spacing)
    const [p50, p99] = [0.5, 0.99].map(share => times[Math.floor(times.length * share)])
    const perSecondDone = Math.round(times.length / seconds)
    console.log(
      `${name.padEnd(8)} requests_per_second=${perSecondDone} p50=${p50.toFixed(2)}ms p99=${p99.toFixed(2)}ms left_out=${((100 * leftOut) / (times.length + leftOut)).toFixed(1)}%`,
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
