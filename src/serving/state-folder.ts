import { join } from 'node:path'

type Environment = Readonly<Record<string, string | undefined>>

/** The folder for what outlives a run, `$XDG_STATE_HOME/agw`; undefined where there is no home. */
export function stateFolder(env: Environment): string | undefined {
  const base = env['XDG_STATE_HOME'] || (env['HOME'] ? join(env['HOME'], '.local', 'state') : undefined)
  return base === undefined ? undefined : join(base, 'agw')
}

/** The folder in which running gateways say where they are: `$XDG_RUNTIME_DIR/agw`, else below the state folder. */
export function runFolder(env: Environment): string | undefined {
  const runtime = env['XDG_RUNTIME_DIR']
  if (runtime) return join(runtime, 'agw')
  const state = stateFolder(env)
  return state === undefined ? undefined : join(state, 'run')
}
