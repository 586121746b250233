import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'

/** Why what asks git is not tested here; undefined where it is. */
export const noGit: string | undefined = programMissing('git')

/** Why curl is no client here; undefined where it is. */
export const noCurl: string | undefined = programMissing('curl')

/** The program that gives a test a terminal. */
export const SCRIPT = '/usr/bin/script'

/** Why what is asked in a terminal is not tested here; undefined where it is. */
export const noTerminal: string | undefined = existsSync(SCRIPT)
  ? undefined
  : `${SCRIPT} is missing: apt-get install bsdutils`

/** Why what asks this program, whose package has its name, is not tested here; undefined where it is. */
export function programMissing(name: string): string | undefined {
  const isThere = spawnSync(name, ['--version']).error === undefined
  return isThere ? undefined : `${name} is missing: apt-get install ${name}`
}

/** What the title of tests says that need something: nothing where it is there, else why they are skipped. */
export function unless(missing: string | undefined): string {
  return missing === undefined ? '' : ` (skipped: ${missing})`
}
