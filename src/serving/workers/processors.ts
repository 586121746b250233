import { readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'

/**
 * Processors that this process may keep busy: those that it may run on, or fewer where its container has a share of them.
 * Node knows of the latter from 22.12 on only. `root` is where control groups are mounted.
 */
export function processorsHere(root = '/sys/fs/cgroup', available = availableParallelism()): number {
  const share = shareOf(read(join(root, 'cpu.max'))) ?? shareOf(olderLimit(join(root, 'cpu')))
  return share === undefined ? available : Math.max(1, Math.min(available, Math.ceil(share)))
}

/** `quota period` of https://docs.kernel.org/admin-guide/cgroup-v2.html#cpu → processors; undefined for no limit. */
function shareOf(limit: string | undefined): number | undefined {
  const [, quota, period] = /^(\d+) (\d+)\s*$/.exec(limit ?? '') ?? []
  const share = Number(quota) / Number(period)
  return Number.isFinite(share) && share > 0 ? share : undefined
}

/** The two files of version 1, as the one of version 2. */
function olderLimit(folder: string): string | undefined {
  const [quota, period] = ['cpu.cfs_quota_us', 'cpu.cfs_period_us'].map(name => read(join(folder, name)))
  return quota && period ? `${quota.trim()} ${period.trim()}` : undefined
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}
