import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Why `pass` is not tested here; undefined where it is. */
export const noPass: string | undefined = ['pass', 'gpg'].flatMap(tool =>
  spawnSync(tool, ['--version']).error === undefined
    ? []
    : [`${tool} is missing: apt-get install pass gnupg`],
)[0]

/** The real `pass` on the real GnuPG, with a key of its own that no passphrase protects. */
export function passwordStore(folder: string) {
  // The path of the agent's socket must stay short.
  const home = mkdtempSync(join(tmpdir(), 'gpg-'))
  const store = join(folder, 'password-store')
  mkdirSync(store)
  const env = { GNUPGHOME: home, PASSWORD_STORE_DIR: store }
  const run = (command: string, args: readonly string[], input = ''): void => {
    const all = { PATH: process.env['PATH'], HOME: folder, ...env }
    execFileSync(command, args, { env: all, input, stdio: ['pipe', 'ignore', 'ignore'] })
  }
  const about = ['--batch', '--passphrase', '', '--quick-generate-key', 'agw test <agw@test.invalid>']
  run('gpg', [...about, 'default', 'default', 'never'])
  run('pass', ['init', 'agw@test.invalid'])
  return {
    env,
    insert: (name: string, value: string): void =>
      run('pass', ['insert', '--multiline', '--force', name], `${value}\n`),
    remove: (name: string): void => run('pass', ['rm', '--force', name]),
    /** Ends the agent, which would outlive the test. */
    end: (): void => {
      run('gpgconf', ['--kill', 'all'])
      rmSync(home, { recursive: true, force: true })
    },
  }
}
