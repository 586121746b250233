import { spawnSync } from 'node:child_process'
import { oneKey } from './configs.js'
import { startGateway, startRelay } from './gateway.js'
import { measure, startUpstream, WARM_UP, writeLoad } from './nginx.js'
import { median, printRound } from './process.js'
import { holdTo } from './quota.js'

/** Of a processor, for each that a gateway is meant to have: the upstream and the load need theirs, too. */
const SHARE = 0.3

/** On whatever processor there is, each for itself. */
function unpin(pids) {
  for (const pid of pids) spawnSync('taskset', ['-a', '-cp', '0-1', String(pid)])
}

/**
 * One process with a share of a processor, and two workers, with the process above them, with twice that share between them:
 * by how much more requests go through; the same for the bare relay. So what two processors would do can be seen on two,
 * which the load and the upstream need as well, but for what it costs that they share them.
 */
export async function measureWorkers(settings) {
  const { folder, port, upstreamPort } = settings
  const upstream = await startUpstream(settings)
  writeLoad(settings)
  const all = []
  const hold = (name, at, processors, started) => {
    unpin(started.pids)
    measure(settings, WARM_UP, at, started.pids)
    const release = holdTo(processors * SHARE, name, started.pids)
    all.push({ ...started, name, port: at, release })
    if (release === undefined)
      throw new Error('it takes root and control groups (cgroup) to hold processes to a share of a processor')
  }
  const gateway = (name, at, flags) => startGateway(folder, oneKey(at, upstreamPort), name, flags)
  try {
    hold('relay', port, 1, await startRelay(port, upstreamPort))
    hold('relay-2', port + 1, 2, await startRelay(port + 1, upstreamPort, 2))
    hold('agw', port + 2, 1, await gateway('one', port + 2, []))
    hold('agw-2', port + 3, 2, await gateway('two', port + 3, ['--workers', '2']))
    const gains = { relay: [], agw: [] }
    for (let round = 0; round < settings.rounds; round++) {
      const [relay, relays, one, two] = all.map(contestant => {
        const figures = measure(settings, settings.seconds, contestant.port, contestant.pids)
        printRound(contestant.name, figures)
        return figures.perSecond
      })
      gains.relay.push(relays / relay)
      gains.agw.push(two / one)
    }
    for (const [name, values] of Object.entries(gains))
      console.log(`${name}: throughput of two workers=${median(values).toFixed(2)}`)
  } finally {
    for (const { stop, release } of all) {
      await stop()
      await release?.()
    }
    upstream.stop()
  }
}
