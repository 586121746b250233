import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'

/** Why what asks git is not tested here; undefined where it is. */
export const noGit: string | undefined =
  spawnSync('git', ['--version']).error === undefined ? undefined : 'git is missing: apt-get install git'

/** Why curl is no client here; undefined where it is. */
export const noCurl: string | undefined =
  spawnSync('curl', ['--version']).error === undefined ? undefined : 'curl is missing: apt-get install curl'

/** The program that gives a test a terminal. */
export const SCRIPT = '/usr/bin/script'

/** Why what is asked in a terminal is not tested here; undefined where it is. */
export const noTerminal: string | undefined = existsSync(SCRIPT)
  ? undefined
  : `${SCRIPT} is missing: apt-get install bsdutils`

/** What the title of tests says that need something: nothing where it is there, else why they are skipped. */
export function unless(missing: string | undefined): string {
  return missing === undefined ? '' : ` (skipped: ${missing})`
}
