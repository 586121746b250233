import { execFileSync } from 'node:child_process'

/** Whether this machine has git; tests of what agw asks it are skipped elsewhere. */
export const hasGit = (() => {
  try {
    execFileSync('git', ['--version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
})()

/** Makes a folder a repository that tracks these files. */
export function initRepository(folder: string, tracked: readonly string[]): void {
  execFileSync('git', ['init', '--quiet'], { cwd: folder })
  if (tracked.length > 0) execFileSync('git', ['add', '--', ...tracked], { cwd: folder })
}
