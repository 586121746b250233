import { spawnSync } from 'node:child_process'
import { oneKey } from './configs.js'
import { startGateway } from './gateway.js'
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
 * by how much more requests go through. So what two processors would do can be seen on two, which the load and the
 * upstream need as well.
 */
export async function measureWorkers(settings) {
  const upstream = await startUpstream(settings)
  writeLoad(settings)
  const all = []
  const begin = async (name, port, share, flags) => {
    const config = oneKey(port, settings.upstreamPort)
    const gateway = await startGateway(settings.folder, config, name, flags)
    unpin(gateway.pids)
    measure(settings, WARM_UP, port, gateway.pids)
    const release = holdTo(share, name, gateway.pids)
    all.push({ ...gateway, name, port, release })
    if (release === undefined)
      throw new Error('it takes root and control groups (cgroup) to hold processes to a share of a processor')
  }
  try {
    await begin('one', settings.port, SHARE)
    await begin('two', settings.port + 1, 2 * SHARE, ['--workers', '2'])
    const gains = []
    for (let round = 0; round < settings.rounds; round++) {
      const [one, two] = all.map(({ name, port, pids }) => {
        const figures = measure(settings, settings.seconds, port, pids)
        printRound(name, figures)
        return figures.perSecond
      })
      gains.push(two / one)
    }
    console.log(`two: throughput=${median(gains).toFixed(2)}`)
  } finally {
    for (const { stop, release } of all) {
      await stop()
      release?.()
    }
    upstream.stop()
  }
}
