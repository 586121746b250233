import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** Why a keychain cannot be started here; undefined when it can. */
export const noKeyring: string | undefined = [
  ['dbus-daemon', 'dbus'],
  ['gnome-keyring-daemon', 'gnome-keyring'],
  ['secret-tool', 'libsecret-tools'],
].flatMap(([tool = '', debian = '']) =>
  spawnSync(tool, ['--version']).error === undefined ? [] : [`${tool} is missing: apt-get install ${debian}`],
)[0]

/** A session bus of its own with GNOME Keyring on it. */
export interface Keyring {
  /** HOME, XDG_RUNTIME_DIR and the bus: what programs need to reach it. */
  readonly env: Readonly<Record<string, string>>
  /** From now on it does not answer. */
  freeze(): void
  stop(): Promise<void>
}

/** How the keyring is when it is started; its files stay in `home`, so a second start finds the entries of the first. */
export type KeyringState = 'unlocked' | 'locked' | 'bus only'

/**
 * Starts one. `runtime` is where its socket is made: the library keeps the first address it was given for the life of
 * the process, so all that one process starts must lie in the same folder.
 */
export async function startKeyring(
  runtime: string,
  home: string,
  state: KeyringState = 'unlocked',
): Promise<Keyring> {
  const socket = join(runtime, 'bus')
  rmSync(socket, { force: true })
  const address = `unix:path=${socket}`
  const env = {
    PATH: process.env['PATH'] ?? '',
    HOME: home,
    XDG_RUNTIME_DIR: runtime,
    XDG_DATA_HOME: join(home, 'data'),
    DBUS_SESSION_BUS_ADDRESS: address,
  }
  const kind = state === 'bus only' ? `--config-file=${withoutServices(runtime)}` : '--session'
  const flags = [kind, '--nofork', '--nopidfile', `--address=${address}`, '--print-address=1']
  const bus = spawn('dbus-daemon', flags, { env, stdio: ['ignore', 'pipe', 'ignore'] })
  await once(bus.stdout, 'data')
  const children: ChildProcess[] = [bus]
  if (state !== 'bus only') {
    const unlock = state === 'unlocked' ? ['--unlock'] : []
    const daemon = spawn('gnome-keyring-daemon', ['--foreground', '--components=secrets', ...unlock], {
      env,
      stdio: ['pipe', 'ignore', 'ignore'],
    })
    children.push(daemon)
    daemon.stdin.end(state === 'unlocked' ? 'test' : '')
    while (!isOwned(env)) await sleep(20)
  }
  return {
    env,
    freeze: () => void children.at(-1)?.kill('SIGSTOP'),
    stop: async () => {
      for (const child of children.reverse()) {
        const gone = once(child, 'exit')
        child.kill('SIGCONT')
        child.kill()
        await gone
      }
    },
  }
}

/** Whether somebody on the bus is the Secret Service. */
function isOwned(env: Record<string, string>): boolean {
  const call = [
    '--session',
    '--print-reply',
    '--dest=org.freedesktop.DBus',
    '/',
    'org.freedesktop.DBus.NameHasOwner',
  ]
  const { stdout } = spawnSync('dbus-send', [...call, 'string:org.freedesktop.secrets'], {
    env,
    encoding: 'utf8',
  })
  return stdout.includes('boolean true')
}

/** A bus that starts nothing by itself. */
function withoutServices(folder: string): string {
  const file = join(folder, 'bus.conf')
  writeFileSync(
    file,
    `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>session</type><listen>unix:tmpdir=${folder}</listen>
<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/></policy>
</busconfig>`,
  )
  return file
}
