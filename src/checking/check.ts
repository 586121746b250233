import { resolve } from 'node:path'
import type { Diagnostic } from '../config/diagnostic.ts'
import {
  type AgwFile,
  applySuppressions,
  CODES,
  type Code,
  type ConfigDocument,
  findConfig,
  keySlots,
  LineIndex,
  type PublishedSchema,
  roughSlots,
  type Suppressed,
  stageOf,
  unreadDocument,
} from '../config/index.ts'
import type { Config } from '../config/schema.ts'
import { AgwError } from '../errors.ts'
import type { ProbeOptions } from '../gateway/probe/probe-keys.ts'
import { type LoadedConfig, type LoadOptions, loadConfig, shortName } from '../load.ts'
import { readPlainFile } from '../plain-file.ts'
import { inlineFindings, type KeyFileFinding, keyFindings } from '../secrets/index.ts'
import type { Secret } from '../secrets/secret.ts'
import { startFindings } from './start-findings.ts'
import { unsupportedFindings } from './unsupported.ts'

export interface CheckOptions {
  /** Look at the keys themselves; without it, unset variables and missing files are no findings, and keys in the config are. */
  readonly secrets: boolean
  /** Which gateway shall run it; undefined reports what only one of them runs without counting it as an error. */
  readonly engine?: 'embedded' | 'agentgateway' | undefined
  /** Ask providers whether keys work, by calls that are not billed. Needs `secrets`. */
  readonly online?: ProbeOptions | undefined
  /** Checked against besides the schema of agw. */
  readonly published?: PublishedSchema | undefined
}

/** A file and the findings in it. */
export interface CheckedFile {
  /** As messages call it: relative to the working folder. */
  readonly name: string
  /** Absolute, or `-`. */
  readonly path: string
  readonly document: Pick<ConfigDocument, 'lines'>
  readonly diagnostics: readonly Diagnostic[]
  /** What comments of the file ask to ignore. */
  readonly suppressed: readonly Suppressed[]
}

/** All findings on a config and on what it refers to. */
export interface CheckedConfig extends CheckedFile {
  readonly document: ConfigDocument
  /** agw.yaml, where there is one. */
  readonly beside: readonly CheckedFile[]
  /** For the redactor, before anything is printed. */
  readonly secrets: readonly Secret[]
  /** Files that hold keys and that others may see. */
  readonly keyFiles: readonly KeyFileFinding[]
}

/** Everything `agw validate` finds, in the order of the file. Throws only when there is nothing to read. */
export async function checkConfig(load: LoadOptions, options: CheckOptions): Promise<CheckedConfig> {
  const loaded = await loadConfig({
    ...load,
    dotenvMayFail: true,
    ...(!options.secrets && { gather: false }),
  })
  const { name, path, document, draft, agw } = loaded
  let found: Diagnostic[] = [...loaded.diagnostics]
  let secrets: readonly Secret[] = []
  let keyFiles: readonly KeyFileFinding[] = []
  if (draft === undefined && options.secrets) {
    // A key that stands there is seen by whoever reads the file, whatever else is wrong with it.
    const written = roughSlots(document).filter(slot => slot.method === 'inline')
    const keys = await keyFindings(written, loaded, load)
    found = found.concat(keys.diagnostics)
    secrets = keys.secrets
  }
  if (!options.secrets) {
    const slots = draft === undefined ? roughSlots(document) : keySlots(draft, document)
    const written = inlineFindings(slots, document)
    found = found.concat(written.diagnostics)
    secrets = written.secrets
  }
  if (draft !== undefined) {
    if (options.engine !== 'agentgateway') {
      found = found.concat(
        unsupportedFindings(draft, document, options.engine),
        await unusableFindings(draft, loaded, load, options),
      )
    }
    if (options.secrets) {
      const keys = await keyFindings(keySlots(draft, document), loaded, load)
      keyFiles = keys.files
      found = found.concat(keys.diagnostics)
      secrets = keys.secrets
      if (options.online !== undefined) {
        const { probeFindings } = await import('./probe-findings.ts')
        found = found.concat(await probeFindings(draft, keys.plausible, document, options.online))
      }
      if (options.engine === 'embedded') {
        // Where else the key is does not keep it from starting.
        const isSound = found.every(one => one.severity !== 'error' || one.code === 'KEY_IN_GIT')
        if (isSound) found = found.concat(await startFindings(loaded, load))
      }
    }
  }
  if (options.published !== undefined) found = options.published.judge(document, found)
  if (!options.secrets) found = found.filter(one => one.code !== 'VARIABLE_UNSET')
  if (agw !== undefined && agw.diagnostics.length > 0)
    found = found.map(one => afterFile(one, agw.document.file))
  const unread = loaded.variables.dotenvProblem
  if (unread !== undefined) found = found.map(one => afterFile(one, unread.shown))
  const judged = applySuppressions(document, found, code => draft !== undefined && isCertain(code, options))
  const diagnostics = judged.diagnostics.toSorted((a, b) => a.range.start.offset - b.range.start.offset)
  return {
    name,
    path,
    document,
    diagnostics,
    suppressed: judged.suppressed,
    secrets,
    keyFiles,
    beside: [...besides(agw), ...dotenvBeside(loaded), ...(options.secrets ? dotenvUnread(loaded) : [])],
  }
}

/** The same, with what keeps a file from being read as its one finding. */
export async function checkOrTell(load: LoadOptions, options: CheckOptions): Promise<CheckedConfig> {
  return await checkConfig(load, options).catch(async (error: unknown) => {
    if (!isUnread(error)) throw error
    const { path } = await findConfig(load)
    const name = shortName(load.cwd, path)
    const { message, hint = '' } = error
    const document = unreadDocument(name, { code: 'FILE_UNREADABLE', message, hint })
    const { diagnostics } = document
    return { name, path, document, diagnostics, suppressed: [], secrets: [], keyFiles: [], beside: [] }
  })
}

function isUnread(error: unknown): error is AgwError {
  return error instanceof AgwError && ['CONFIG_NOT_FOUND', 'CONFIG_UNREADABLE'].includes(error.code)
}

/**
 * Several, one after the other; each secret is told before anything of its file is. Of several, one that cannot be read
 * does not keep the others from being told; throws where there is but that one.
 */
export async function checkConfigs(
  loads: readonly LoadOptions[],
  options: CheckOptions,
  onSecret: (secret: Secret) => void,
): Promise<CheckedConfig[]> {
  const checked: CheckedConfig[] = []
  for (const load of loads) {
    const one = await (loads.length > 1 ? checkOrTell : checkConfig)(load, options)
    for (const secret of one.secrets) onSecret(secret)
    checked.push(one)
  }
  return checked
}

/** What `agw serve` would refuse on starting, at its place; not what waits for a variable, which is told of by itself. */
async function unusableFindings(
  draft: Config,
  { document, diagnostics }: LoadedConfig,
  { cwd }: LoadOptions,
  { secrets }: CheckOptions,
): Promise<Diagnostic[]> {
  const { unusableMaterial } = await import('../gateway/compile/unusable.ts')
  const readFile = (file: string): string => readPlainFile(resolve(cwd, file)).toString('utf8')
  const unset = diagnostics.filter(one => one.code === 'VARIABLE_UNSET').map(one => one.range.start.offset)
  const found = await unusableMaterial(draft, secrets ? readFile : undefined)
  return found.flatMap(({ path, what, hint = '' }) => {
    const range = document.rangeOf(path)
    if (unset.some(offset => offset >= range.start.offset && offset < range.end.offset)) return []
    return [
      { code: 'MATERIAL_UNUSABLE', severity: 'error', message: what, hint, file: document.file, path, range },
    ]
  })
}

/** agw.yaml as a file of its own in reports. */
function besides(agw: AgwFile | undefined): CheckedFile[] {
  if (agw === undefined) return []
  const { path, document, diagnostics } = agw
  return [{ name: document.file, path, document, diagnostics, suppressed: [] }]
}

/** Of a variable nothing is known while a file that may say where it lives cannot be read. */
function afterFile(one: Diagnostic, file: string): Diagnostic {
  if (one.code !== 'VARIABLE_UNSET') return one
  return { ...one, hint: `mend ${file} first: it may say where the value is` }
}

/** The dotenv file as a file of its own in reports, where something is wrong with it; none of its lines is shown. */
function dotenvBeside({ variables }: LoadedConfig): CheckedFile[] {
  const { file, shown: name, findings } = variables.dotenv ?? { file: '', shown: '', findings: [] }
  if (findings.length === 0) return []
  const diagnostics = findings.map(({ line, column, message, hint }): Diagnostic => {
    const at = { offset: 0, line, column }
    const { severity } = CODES.DOTENV_LINE
    return {
      code: 'DOTENV_LINE',
      severity,
      message,
      hint,
      file: name,
      path: [],
      range: { start: at, end: at },
    }
  })
  return [{ name, path: file, document: { lines: new LineIndex('') }, diagnostics, suppressed: [] }]
}

/** A dotenv file that cannot be read at all. */
function dotenvUnread({ variables }: LoadedConfig): CheckedFile[] {
  if (variables.dotenvProblem === undefined) return []
  const { file: path, shown, message, hint, at = { line: 1, column: 1 } } = variables.dotenvProblem
  const place = { offset: 0, ...at }
  const range = { start: place, end: place }
  const { severity } = CODES.DOTENV_UNREADABLE
  const diagnostics: Diagnostic[] = [
    { code: 'DOTENV_UNREADABLE', severity, message, hint, file: shown, path: [], range },
  ]
  return [{ name: shown, path, document: { lines: new LineIndex('') }, diagnostics, suppressed: [] }]
}

/** The schema that `--schema` names, compiled; `undefined` when it names none. Throws USAGE and UPSTREAM_FAILED. */
export async function publishedSchema(
  source: string | undefined,
  cwd: string,
): Promise<PublishedSchema | undefined> {
  if (source === undefined) return undefined
  const { readSchemaSource } = await import('./schema-source.ts')
  const { compilePublishedSchema } = await import('../config/published-schema.ts')
  const { text, name } = await readSchemaSource(source, cwd)
  return compilePublishedSchema(text, name)
}

/** One set of options for each config that `patterns` name, or the one that is found without. */
export async function filesToCheck(
  patterns: readonly string[] | undefined,
  load: LoadOptions,
): Promise<LoadOptions[]> {
  if (patterns === undefined || patterns.length === 0) return [load]
  const { expandFilePatterns } = await import('../config/file-patterns.ts')
  const given = load.file === undefined ? [] : [load.file]
  const files = await expandFilePatterns([...given, ...patterns], load.cwd)
  return files.map(file => ({ ...load, file }))
}

/** Whether a code is looked for by every check of the file: what is known of keys depends on the machine. */
function isCertain(code: Code, { engine }: CheckOptions): boolean {
  return stageOf(code) !== 'keys' && !(code === 'NOT_RUN_HERE' && engine === 'agentgateway')
}
