import { createHash } from 'node:crypto'
import { realpath } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { makeFolder } from './make-folder.ts'

export type Environment = Readonly<Record<string, string | undefined>>

/** Where agw keeps what it remembers of a config: `$XDG_STATE_HOME/agw/<hash of its path>/NAME`. */
export async function statePath(config: string, name: string, env: Environment): Promise<string> {
  const real = await realpath(config).catch(() => config)
  const hash = createHash('sha256').update(real).digest('hex').slice(0, 16)
  const base = env['XDG_STATE_HOME'] || join(env['HOME'] ?? homedir(), '.local', 'state')
  return join(base, 'agw', hash, name)
}

/** The folder for what is remembered of a config. Throws WRITE_FAILED. */
export async function makeFolderOf(path: string): Promise<void> {
  await makeFolder(dirname(path))
}
