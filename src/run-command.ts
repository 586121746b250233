import type { Writable } from 'node:stream'
import { AgwError } from './errors.ts'
import { type LoadedConfig, type LoadOptions, loadConfig, requireConfig, requireKeyPlaces } from './load.ts'
import type { Redactor } from './secrets/redactor.ts'
import { type StartedTool, startTool } from './secrets/run.ts'

export interface RunCommandOptions {
  readonly load: LoadOptions
  readonly command: string
  readonly args: readonly string[]
  /** Only these variables of the config; all of them unless told. */
  readonly only?: readonly string[] | undefined
  /** Start even if some of them have no value. */
  readonly allowMissing?: boolean | undefined
  readonly stdout: 'inherit' | Writable
  readonly stderr: 'inherit' | Writable
  /** Learns every value that the command is given, before it starts. */
  readonly redactor: Redactor
}

/** A command that runs, and the names of the variables it was given. */
export interface RunningCommand extends StartedTool {
  readonly variables: readonly string[]
}

/**
 * Starts a command that finds the variables of the config in its environment, beside what is in ours. Throws
 * SECRET_MISSING with every variable that has no value.
 */
export async function runCommand(options: RunCommandOptions): Promise<RunningCommand> {
  const loaded = await loadConfig(options.load)
  requireKeyPlaces(loaded)
  return startWith(loaded, options)
}

/** Starts the real agentgateway, found on the PATH, on the config. Throws what stands in the way of it. */
export async function runEngine(
  options: Pick<RunCommandOptions, 'load' | 'stdout' | 'stderr' | 'redactor'>,
): Promise<RunningCommand> {
  const loaded = await loadConfig(options.load)
  if (loaded.path === '-') {
    throw new AgwError('USAGE', 'agentgateway reads no config from standard input', {
      hint: 'name the file with --file PATH',
    })
  }
  requireConfig(loaded)
  return startWith(loaded, { ...options, command: 'agentgateway', args: ['-f', loaded.path] })
}

async function startWith(loaded: LoadedConfig, options: RunCommandOptions): Promise<RunningCommand> {
  const { load, command, args, redactor, stdout, stderr } = options
  const values: Record<string, string> = {}
  const missing: string[] = []
  for (const name of wantedNames(loaded.document.variables, options.only)) {
    const found = loaded.variables.lookup(name)
    if (found === undefined) {
      missing.push(name)
      continue
    }
    redactor.add(found.value)
    values[name] = found.value.reveal()
  }
  if (missing.length > 0 && options.allowMissing !== true) {
    throw new AgwError('SECRET_MISSING', `${missing.join(', ')}: no value, so ${command} was not started`, {
      hint: 'store it with `agw keys set`, or start without it: --allow-missing',
    })
  }
  const env = { ...load.env, ...values }
  const started = await startTool(command, args, { env, cwd: load.cwd, stdout, stderr, redactor })
  return { ...started, variables: Object.keys(values) }
}

function wantedNames(
  uses: readonly {
    readonly name: string
    readonly fallback: string | undefined
    readonly missing: boolean
  }[],
  only: readonly string[] | undefined,
): string[] {
  // One that has a fallback in the config need not be set.
  const needed = uses.filter(use => use.missing || use.fallback === undefined || only !== undefined)
  const names = [...new Set(needed.map(use => use.name))]
  if (only === undefined) return names
  const unknown = only.find(name => !uses.some(use => use.name === name))
  if (unknown === undefined) return names.filter(name => only.includes(name))
  throw new AgwError('USAGE', 'a variable named with --only is not in the config', {
    hint: `the config has: ${names.join(', ') || 'none'}`,
  })
}
