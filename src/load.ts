import { dirname, join, relative, resolve } from 'node:path'
import type { Diagnostic } from './config/diagnostic.ts'
import {
  AGW_FILE,
  type AgwFile,
  type ConfigDocument,
  findConfig,
  type KeySlot,
  keySlots,
  readAgwFile,
  readConfigBytes,
  readDocument,
  validate,
  variableNames,
} from './config/index.ts'
import type { Config } from './config/schema.ts'
import { AgwError } from './errors.ts'
import {
  formerKey,
  type Gather,
  type LastGood,
  loadVariables,
  type ResolvedConfig,
  type ResolvedSlot,
  resolveSecrets,
  type VariableTable,
} from './secrets/index.ts'

/** Where a config and its variables come from. */
export interface LoadOptions {
  /** A path, or `-` for standard input; found by the usual rules when absent. */
  readonly file?: string | undefined
  readonly env: Readonly<Record<string, string | undefined>>
  readonly cwd: string
  /** A dotenv file; `false` reads none, absent reads `.env` beside the config. */
  readonly envFile?: string | false | undefined
  /** Gives the text when `file` is `-`. */
  readonly stdin?: (() => Promise<Uint8Array>) | undefined
  /** How the sources of agw.yaml are asked; `false` asks none, absent asks each once. */
  readonly gather?: Gather | false | undefined
  /** What stands in for keys in files that have gone bad while a gateway runs. */
  readonly lastGood?: LastGood | undefined
  /** Ask the sources of all variables that agw.yaml names, not only of those that the config uses. */
  readonly everyVariable?: boolean | undefined
  /**
   * {@link loadUsable} puts a stand-in where a key is missing (an unset variable, a file that is not there or is empty)
   * instead of failing; other variables stand as written, and sources that may be asked over a network are not. Only for a
   * gateway behind which a mock answers.
   */
  readonly standIns?: boolean | undefined
}

/** A config that was read and checked; `config` is there when no finding is an error. */
export interface LoadedConfig {
  /** Absolute, or `-`. */
  readonly path: string
  /** As messages name it: relative to the working folder. */
  readonly name: string
  /** The folder that `.env` and new key files belong to. */
  readonly folder: string
  /** The dotenv file that was read or would be, absolute; absent with `envFile: false`. */
  readonly dotenv: string | undefined
  readonly document: ConfigDocument
  readonly diagnostics: readonly Diagnostic[]
  readonly config: Config | undefined
  /** As {@link Checked.draft}. */
  readonly draft: Config | undefined
  readonly variables: VariableTable
  /** agw.yaml beside the config, where there is one; its findings are not among `diagnostics`. */
  readonly agw: AgwFile | undefined
}

/** Finds, reads and checks a config. Throws CONFIG_NOT_FOUND and CONFIG_UNREADABLE; findings are returned. */
export async function loadConfig(options: LoadOptions): Promise<LoadedConfig> {
  const { path } = await findConfig(options)
  const standard = path === '-'
  const bytes = standard ? await (options.stdin ?? noStdin)() : await readConfigBytes(path)
  const folder = standard ? options.cwd : dirname(path)
  const agw = await readAgwFile(folder, standard ? AGW_FILE : shortName(options.cwd, join(folder, AGW_FILE)))
  const named = options.envFile === false ? false : options.envFile && resolve(options.cwd, options.envFile)
  const variables = await loadVariables({
    env: options.env,
    configDir: folder,
    agw,
    ...((agw ?? options.lastGood) &&
      !options.everyVariable && { wanted: variableNames(new TextDecoder().decode(bytes)) }),
    gather: options.gather,
    localOnly: options.standIns,
    lastGood: options.lastGood,
    ...(named !== undefined && { envFile: named }),
  })
  const name = standard ? '<stdin>' : shortName(options.cwd, path)
  const document = readDocument(bytes, {
    file: name,
    lookup: key => variables.expand(key),
    problemOf: key => variables.problemOf(key),
  })
  const dotenv = named === false ? undefined : (named ?? join(folder, '.env'))
  return { path, name, folder, dotenv, document, variables, agw, ...validate(document) }
}

/** The folder that the config lies in, and with it agw.yaml. */
export async function configFolder(options: LoadOptions): Promise<string> {
  const { path } = await findConfig(options)
  return path === '-' ? options.cwd : dirname(path)
}

/** A config whose secrets are all there, ready to be compiled. */
export interface UsableConfig extends LoadedConfig {
  readonly config: Config
  readonly slots: readonly ResolvedSlot[]
  readonly resolved: ResolvedConfig
  /** What is missing and had to be done without, a sentence each; empty unless {@link LoadOptions.standIns} is set. */
  readonly missing: readonly string[]
}

/** The config, or CONFIG_INVALID with all its errors (SECRET_MISSING when unset variables are the only ones). */
export function requireConfig(loaded: LoadedConfig): Config {
  requireAgwFile(loaded)
  if (loaded.config !== undefined) return loaded.config
  throw invalid(loaded.name, loaded.diagnostics)
}

/** Findings of agw.yaml are errors, all of them: without it nobody knows where values come from. */
function requireAgwFile({ agw }: LoadedConfig): void {
  if (agw !== undefined && agw.diagnostics.length > 0) throw invalid(agw.document.file, agw.diagnostics)
}

const UNRESOLVED = ['VARIABLE_UNSET', 'SOURCE_FAILED']

function invalid(name: string, diagnostics: readonly Diagnostic[]): AgwError {
  const errors = diagnostics.filter(one => one.severity === 'error')
  const unresolved = errors.every(one => UNRESOLVED.includes(one.code))
  const first = errors[0]
  const place = first === undefined ? '' : `:${first.range.start.line}:${first.range.start.column}`
  const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : ''
  return new AgwError(
    unresolved ? 'SECRET_MISSING' : 'CONFIG_INVALID',
    `${name}${place}: ${first?.message ?? 'the config cannot be used'}${more}`,
    { hint: first?.hint ?? '', diagnostics: errors },
  )
}

/** The config as far as key slots need it: variables may be unset. Throws CONFIG_INVALID for anything else. */
export function requireKeyPlaces(loaded: LoadedConfig): Config {
  requireAgwFile(loaded)
  return loaded.draft ?? requireConfig(loaded)
}

/** The config with its unset variables as written, or the error for whatever else is wrong with it. */
function requireBesidesVariables(loaded: LoadedConfig): Config {
  requireAgwFile(loaded)
  const others = loaded.diagnostics.filter(one => one.severity === 'error' && !UNRESOLVED.includes(one.code))
  if (others.length > 0) throw invalid(loaded.name, others)
  return loaded.draft ?? requireConfig(loaded)
}

/** Loads a config and everything its key slots refer to. Throws for whatever stands in the way. */
export async function loadUsable(options: LoadOptions): Promise<UsableConfig> {
  const loaded = await loadConfig(options)
  const { document, diagnostics } = loaded
  const config = options.standIns === true ? requireBesidesVariables(loaded) : requireConfig(loaded)
  const isUnset = ({ path }: KeySlot): boolean => document.variablesAt(path).some(use => use.missing)
  const { config: resolved, resolved: slots } = await resolveSecrets(config, {
    slots: keySlots(config, document),
    cwd: options.cwd,
    configDir: loaded.folder,
    credentialsDirectory: options.env['CREDENTIALS_DIRECTORY'],
    formerOf: (slot, secret) => formerKey(slot, secret, loaded, options),
    lastGood: options.lastGood,
    standIns: options.standIns === true ? { isUnset } : undefined,
  })
  const unset = diagnostics.flatMap(({ code, message }) => (UNRESOLVED.includes(code) ? [message] : []))
  const absent = slots.flatMap(({ standIn }) =>
    standIn?.problem === undefined ? [] : [`${standIn.problem.name}: ${standIn.problem.message}`],
  )
  return { ...loaded, config, slots, resolved, missing: [...new Set([...unset, ...absent])] }
}

/** A path as messages name it: relative below the working folder. */
export function shortName(cwd: string, path: string): string {
  const short = relative(cwd, path)
  return short === '' || short.startsWith('..') ? path : short
}

async function noStdin(): Promise<Uint8Array> {
  throw new AgwError('USAGE', 'this config was to be read from standard input, which is not open here')
}
