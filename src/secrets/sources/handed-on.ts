import { platform as systemPlatform } from 'node:os'
import { LOGIN_VARIABLES, matcher } from '../login-variables.ts'

type Environment = Readonly<Record<string, string | undefined>>

/** What a program needs to find its own login on this machine. */
const OF_THE_MACHINE = [
  'PATH',
  'HOME',
  'USER',
  'LOGNAME',
  'LANG',
  'LC_ALL',
  'TMPDIR',
  'XDG_*',
  'DBUS_SESSION_BUS_ADDRESS',
  'GNUPGHOME',
  'GPG_TTY',
  'PASSWORD_STORE_DIR',
  'SSH_AUTH_SOCK',
]

/**
 * The environment of a program that agw.yaml or a kubeconfig names: small, so that no key that stands in ours reaches it.
 * `login` says by what this program logs in. Windows alone knows one variable by `Path` and `PATH`.
 */
export function handedOn(
  env: Environment,
  login?: 'clouds' | 'op',
  platform: NodeJS.Platform = systemPlatform(),
): Environment {
  const { secret, open } = login === undefined ? NONE : LOGIN_VARIABLES[login]
  const fits = matcher([...OF_THE_MACHINE, ...secret, ...open], platform === 'win32' ? 'i' : '')
  return Object.fromEntries(Object.entries(env).filter(([name]) => fits(name)))
}

const NONE = { secret: [], open: [] } as const
