import { execFileSync } from 'node:child_process'

/** Makes a folder a repository that tracks these files. */
export function initRepository(folder: string, tracked: readonly string[]): void {
  execFileSync('git', ['init', '--quiet'], { cwd: folder })
  if (tracked.length > 0) execFileSync('git', ['add', '--', ...tracked], { cwd: folder })
}
