import { dirname, join, relative, resolve } from 'node:path'
import type { Diagnostic } from './config/diagnostic.ts'
import {
  AGW_FILE,
  type AgwFile,
  type Checked,
  type ConfigDocument,
  type DocumentOptions,
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
import { isUnresolved, type Judged, requireBesidesVariables, requireConfig } from './require-config.ts'
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
  /** A dotenv file that cannot be read is a problem of the variables, no error. */
  readonly dotenvMayFail?: boolean | undefined
  /** Gives the text when `file` is `-`. */
  readonly stdin?: (() => Promise<Uint8Array>) | undefined
  /** What configs are to be taken to hold in place of what they hold, by absolute path. */
  readonly texts?: ReadonlyMap<string, string> | undefined
  /** How the sources of agw.yaml are asked; `false` asks none, absent asks each once. */
  readonly gather?: Gather | false | undefined
  /** What stands in for keys in files that have gone bad while a gateway runs. */
  readonly lastGood?: LastGood | undefined
  /** Ask the sources of all variables that agw.yaml names, not only of those that the config uses. */
  readonly everyVariable?: boolean | undefined
  /**
   * {@link loadUsable} puts a stand-in where a key is missing (an unset variable, a file that is not there or is empty)
   * instead of failing; other variables stand as written. In every case sources that may be asked over a network are not. Only
   * for a gateway behind which a mock answers, and where nothing of the config is sent.
   */
  readonly standIns?: boolean | undefined
}

/** Where a config comes from, and what belongs to it besides its text. */
interface ConfigSources {
  /** Absolute, or `-`. */
  readonly path: string
  /** As messages name it: relative to the working folder. */
  readonly name: string
  /** The folder that `.env` and new key files belong to. */
  readonly folder: string
  /** The dotenv file that was read or would be, absolute; absent with `envFile: false`. */
  readonly dotenv: string | undefined
  /** Somebody named that file: then it must be there. */
  readonly isDotenvNamed: boolean
  readonly variables: VariableTable
  /** agw.yaml beside the config, where there is one; its findings are not among `diagnostics`. */
  readonly agw: AgwFile | undefined
}

/** A config that was read and checked; `config` is there when no finding is an error. */
export interface LoadedConfig extends ConfigSources, Checked {
  readonly document: ConfigDocument
}

/** Finds, reads and checks a config. Throws CONFIG_NOT_FOUND and CONFIG_UNREADABLE; findings are returned. */
export async function loadConfig(options: LoadOptions): Promise<LoadedConfig> {
  const { bytes, used: _, ...sources } = await readSources(options)
  const document = readDocument(bytes, documentOptions(sources))
  return { ...sources, document, ...validate(document) }
}

/** Finds a config and reads it and what its variables stand for. `used` are the names of the variables in it. */
async function readSources(
  options: LoadOptions,
): Promise<ConfigSources & { readonly bytes: Uint8Array; readonly used: readonly string[] }> {
  const { path } = await findConfig(options)
  const standard = path === '-'
  const bytes = standard ? await (options.stdin ?? noStdin)() : await bytesOf(path, options)
  const folder = standard ? options.cwd : dirname(path)
  const agw = await readAgwFile(folder, standard ? AGW_FILE : shortName(options.cwd, join(folder, AGW_FILE)))
  const named = options.envFile === false ? false : options.envFile && resolve(options.cwd, options.envFile)
  const used = variableNames(new TextDecoder().decode(bytes))
  const variables = await loadVariables({
    env: options.env,
    configDir: folder,
    shown: path => shortName(options.cwd, path),
    agw,
    ...((agw ?? options.lastGood) && !options.everyVariable && { wanted: used }),
    gather: options.gather,
    localOnly: options.standIns,
    dotenvMayFail: options.dotenvMayFail,
    lastGood: options.lastGood,
    ...(named !== undefined && { envFile: named }),
  })
  const name = standard ? '<stdin>' : shortName(options.cwd, path)
  const dotenv = named === false ? undefined : (named ?? join(folder, '.env'))
  const isDotenvNamed = typeof named === 'string'
  return { path, name, folder, dotenv, isDotenvNamed, variables, agw, bytes, used }
}

function documentOptions({ name, variables }: Pick<ConfigSources, 'name' | 'variables'>): ReadingOptions {
  return {
    file: name,
    lookup: key => variables.expand(key),
    problemOf: key => variables.problemOf(key),
    names: () => variables.names(),
  }
}

async function bytesOf(path: string, { texts }: LoadOptions): Promise<Uint8Array> {
  const text = texts?.get(path)
  return text === undefined ? await readConfigBytes(path) : Buffer.from(text)
}

/** The folder that the config lies in, and with it agw.yaml. */
export async function configFolder(options: LoadOptions): Promise<string> {
  const { path } = await findConfig(options)
  return path === '-' ? options.cwd : dirname(path)
}

/** What has to be in place before a config can be compiled. */
interface Resolved {
  readonly config: Config
  readonly slots: readonly ResolvedSlot[]
  readonly resolved: ResolvedConfig
  /** What is missing and had to be done without, a sentence each; empty unless {@link LoadOptions.standIns} is set. */
  readonly missing: readonly string[]
}

/** A config whose secrets are all there, ready to be compiled. */
export interface UsableConfig extends LoadedConfig, Resolved {
  readonly config: Config
}

/** All that a gateway needs of a config's text. The text and its tree are not there: they are most of the memory. */
export interface Examined {
  /** As {@link Checked.draft}. */
  readonly draft: Config | undefined
  /** Errors only: nobody reads the warnings of a gateway. */
  readonly diagnostics: readonly Diagnostic[]
  readonly slots: readonly KeySlot[]
  /** Those of the slots whose variable has no value. */
  readonly unset: ReadonlySet<KeySlot>
  /** What the embedded gateway does not run. */
  readonly unsupported: readonly Diagnostic[]
  /** SHA-256 of its bytes, in hex. */
  readonly digest: string
}

type ReadingOptions = Required<Pick<DocumentOptions, 'file' | 'lookup' | 'problemOf'>> &
  Pick<DocumentOptions, 'names'>

/** Reads and checks the text of a config, in this thread or in another. `names` are all variables that may be asked for. */
export type Examine = (
  bytes: Uint8Array,
  options: ReadingOptions,
  names: () => readonly string[],
) => Promise<Examined>

/** A config that a gateway can serve. */
export interface ServedConfig extends ConfigSources, Resolved {
  /** The variables that its text names. */
  readonly used: readonly string[]
  readonly unsupported: readonly Diagnostic[]
  readonly digest: string
  /** The bytes that were read as a document, made anew: only they are kept. */
  readonly reread: () => ConfigDocument
}

/** Loads a config and everything its key slots refer to. Throws for whatever stands in the way. */
export async function loadUsable(options: LoadOptions): Promise<UsableConfig> {
  return await usable(await loadConfig(options), options)
}

/** The same for a config that was read by then, by the same options. */
export async function usable(loaded: LoadedConfig, options: LoadOptions): Promise<UsableConfig> {
  const { document, draft } = loaded
  const slots = draft === undefined ? [] : keySlots(draft, document)
  const isUnset = ({ path }: KeySlot): boolean => document.variablesAt(path).some(use => use.missing)
  return { ...loaded, ...(await resolved(loaded, slots, isUnset, options)) }
}

/** The same for a gateway, whose text is read and checked by `examine`. */
export async function loadServed(options: LoadOptions, examine: Examine): Promise<ServedConfig> {
  const { bytes, ...sources } = await readSources(options)
  const names = (): readonly string[] => [...new Set([...sources.variables.names(), ...sources.used])]
  const { slots, unset, draft, diagnostics, unsupported, digest } = await examine(
    bytes,
    documentOptions(sources),
    names,
  )
  const judged = { ...sources, draft, diagnostics }
  return {
    ...sources,
    ...(await resolved(judged, slots, slot => unset.has(slot), options)),
    unsupported,
    digest,
    reread: () => readDocument(bytes, documentOptions(sources)),
  }
}

async function resolved(
  judged: ConfigSources & Judged,
  slots: readonly KeySlot[],
  isUnset: (slot: KeySlot) => boolean,
  options: LoadOptions,
): Promise<Resolved> {
  const config = options.standIns === true ? requireBesidesVariables(judged) : requireConfig(judged)
  const { config: tree, resolved: found } = await resolveSecrets(config, {
    slots,
    cwd: options.cwd,
    configDir: judged.folder,
    credentialsDirectory: options.env['CREDENTIALS_DIRECTORY'],
    formerOf: (slot, secret) => formerKey(slot, secret, judged, options),
    lastGood: options.lastGood,
    standIns: options.standIns === true ? { isUnset } : undefined,
  })
  const standsIn = (message: string): boolean =>
    slots.some(slot => isUnset(slot) && slot.variable !== undefined && message.includes(slot.variable))
  const unset = judged.diagnostics.flatMap(({ code, message }) => {
    if (!isUnresolved(code)) return []
    return [
      standsIn(message) ? message : `${message}, so it stands as it is written, as in the key of a client`,
    ]
  })
  const absent = found.flatMap(({ standIn }) =>
    standIn?.problem === undefined ? [] : [`${standIn.problem.name}: ${standIn.problem.message}`],
  )
  return { config, slots: found, resolved: tree, missing: [...new Set([...unset, ...absent])] }
}

/** A path as messages name it: relative below the working folder. */
export function shortName(cwd: string, path: string): string {
  const short = relative(cwd, path)
  return short === '' || short.startsWith('..') ? path : short
}

async function noStdin(): Promise<Uint8Array> {
  throw new AgwError('USAGE', 'this config was to be read from standard input, which is not open here')
}
