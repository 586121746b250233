import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const PERIOD_MICROS = 100_000
const ROOT = '/sys/fs/cgroup'

/** Version 1 of control groups has a tree for processors, version 2 one for everything. */
function makeGroup(name, quota) {
  const ofProcessors = [join(ROOT, 'cpu'), join(ROOT, 'cpu,cpuacct')].find(existsSync)
  if (ofProcessors !== undefined) {
    const group = join(ofProcessors, name)
    mkdirSync(group)
    writeFileSync(join(group, 'cpu.cfs_period_us'), String(PERIOD_MICROS))
    writeFileSync(join(group, 'cpu.cfs_quota_us'), String(quota))
    return group
  }
  if (!readFileSync(join(ROOT, 'cgroup.subtree_control'), 'latin1').includes('cpu'))
    writeFileSync(join(ROOT, 'cgroup.subtree_control'), '+cpu')
  const group = join(ROOT, name)
  mkdirSync(group)
  writeFileSync(join(group, 'cpu.max'), `${quota} ${PERIOD_MICROS}`)
  return group
}

/**
 * Holds processes, all together, to a share of one processor; 1 is all of it. Call what it returns once they have ended.
 * Undefined where the system does not let us.
 */
export function holdTo(share, name, pids) {
  try {
    const group = makeGroup(`agw-bench-${process.pid}-${name}`, Math.round(share * PERIOD_MICROS))
    for (const pid of pids) writeFileSync(join(group, 'cgroup.procs'), String(pid))
    return () => removed(group)
  } catch {
    return undefined
  }
}

/** A group is there as long as a process in it is: workers end a moment after the one that started them. */
async function removed(group) {
  for (let tries = 50; ; tries--) {
    try {
      return rmdirSync(group)
    } catch (error) {
      if (tries === 0) throw error
      await sleep(100)
    }
  }
}
