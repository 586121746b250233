import type { Writable } from 'node:stream'
import { keySlots } from './config/index.ts'
import { AgwError, type ErrorCode } from './errors.ts'
import { type LoadedConfig, type LoadOptions, loadConfig } from './load.ts'
import { requireConfig, requireKeyPlaces } from './require-config.ts'
import type { Redactor } from './secrets/redactor.ts'
import { type StartedTool, startTool } from './secrets/run.ts'
import { suggested } from './suggested.ts'

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
  const loaded = await loadConfig({ ...options.load, everyVariable: true })
  requireKeyPlaces(loaded)
  return startWith(loaded, options).catch((error: unknown) => {
    throw toldAs(error, { TOOL_MISSING: 'COMMAND_NOT_FOUND', TOOL_FAILED: 'COMMAND_NOT_STARTED' })
  })
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
  return startWith(loaded, { ...options, command: 'agentgateway', args: ['-f', loaded.path] }).catch(
    (error: unknown) => {
      throw toldAs(error, { TOOL_MISSING: 'ENGINE_MISSING' })
    },
  )
}

/** Elsewhere a tool that is missing is one that a key was asked of; here it is what was to be run. */
function toldAs(error: unknown, codes: { readonly [code in ErrorCode]?: ErrorCode }): unknown {
  const code = error instanceof AgwError ? codes[error.code] : undefined
  if (!(error instanceof AgwError) || code === undefined) return error
  return new AgwError(code, error.message, { ...(error.hint && { hint: error.hint }), cause: error })
}

async function startWith(loaded: LoadedConfig, options: RunCommandOptions): Promise<RunningCommand> {
  const { load, command, args, redactor, stdout, stderr } = options
  const values: Record<string, string> = {}
  const missing: string[] = []
  for (const name of wantedNames(loaded, options.only)) {
    const found = loaded.variables.lookup(name)
    if (found === undefined) {
      missing.push(name)
      continue
    }
    redactor.add(found.value)
    values[name] = found.value.reveal()
  }
  if (missing.length > 0 && options.allowMissing !== true) {
    // What the source of one of them says is of more use than that there is nothing.
    const problem = missing.map(loaded.variables.problemOf).find(one => one !== undefined)
    const why = problem === undefined ? '' : ` (${problem.message})`
    throw new AgwError(
      'SECRET_MISSING',
      `${missing.join(', ')}: no value, so ${command} was not started${why}`,
      {
        hint:
          problem?.hint ?? `${whereToPut(missing[0] ?? '', loaded)}, or start without it: --allow-missing`,
      },
    )
  }
  const env = { ...load.env, ...values }
  const started = await startTool(command, args, { env, cwd: load.cwd, stdout, stderr, redactor })
  return { ...started, variables: Object.keys(values) }
}

/** A variable that is a key's can be stored by agw, any other is the environment's. */
function whereToPut(name: string, { draft, document }: LoadedConfig): string {
  const slot = draft && keySlots(draft, document).find(one => one.variable === name)
  return slot === undefined
    ? `export ${name}, or put it into .env beside the config`
    : `store the key with ${suggested('keys', 'set', slot.name)}`
}

/** The variables of the config, and those of agw.yaml where they were asked for. */
function wantedNames(
  { document, agw, variables }: LoadedConfig,
  only: readonly string[] | undefined,
): string[] {
  // One that has a fallback in the config need not be set.
  const uses = document.variables.filter(
    use => use.missing || use.fallback === undefined || only !== undefined,
  )
  const named = [...(agw?.entries.keys() ?? [])].filter(isAsked(variables))
  const names = [...new Set([...uses.map(use => use.name), ...named])]
  if (only === undefined) return names
  if (only.every(name => names.includes(name))) return names.filter(name => only.includes(name))
  throw new AgwError('USAGE', 'a variable named with --only is not in the config, and not in agw.yaml', {
    hint: `there are: ${names.join(', ') || 'none'}`,
  })
}

/** Where only the config's variables were asked for, the others of agw.yaml are neither found nor failed. */
function isAsked({ lookup, problemOf }: LoadedConfig['variables']): (name: string) => boolean {
  return name => lookup(name) !== undefined || problemOf(name) !== undefined
}
