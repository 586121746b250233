import { lstat } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { AgwError } from '../errors.ts'
import { suggested } from '../suggested.ts'

/** Where a config may be named; `file` is the flag, `-` means standard input. */
export interface FindOptions {
  readonly file?: string | undefined
  readonly env: Readonly<Record<string, string | undefined>>
  readonly cwd: string
}

/** The name of the file that says where variables live, beside config.yaml. */
export const AGW_FILE = 'agw.yaml'

/** A config file and the rule that found it. */
export interface FoundConfig {
  /** Absolute path, or `-` for standard input. */
  readonly path: string
  readonly why: 'flag' | 'AGW_CONFIG' | 'current folder' | 'user configuration'
}

/** The config a command works on: the flag, else AGW_CONFIG, else ./config.yaml, else the one the real binary uses. */
export async function findConfig({ file, env, cwd }: FindOptions): Promise<FoundConfig> {
  if (file === '-') return { path: '-', why: 'flag' }
  if (file === '') {
    throw new AgwError('USAGE', 'the name of the config is empty', {
      hint: 'look at the variable or command that it comes from; config.yaml is looked for where none is given',
    })
  }
  if (file !== undefined) return { path: resolve(cwd, file), why: 'flag' }
  const named = env['AGW_CONFIG']
  if (named) return { path: resolve(cwd, named), why: 'AGW_CONFIG' }
  const here = join(cwd, 'config.yaml')
  if (await exists(here)) return { path: here, why: 'current folder' }
  const base = env['XDG_CONFIG_HOME'] || join(env['HOME'] ?? homedir(), '.config')
  const shared = join(base, 'agentgateway', 'config.yaml')
  if (await exists(shared)) return { path: shared, why: 'user configuration' }
  throw new AgwError('CONFIG_NOT_FOUND', 'no config.yaml here, and none in the user configuration folder', {
    hint: `write one with ${suggested('init')}, or name one with --file PATH`,
  })
}

/** A link that leads nowhere is there, too: whoever reads it says so. */
async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  )
}
