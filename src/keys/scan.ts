import { stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { type KeySlot, keySlots } from '../config/index.ts'
import { AgwError } from '../errors.ts'
import { type LoadedConfig, type LoadOptions, loadConfig } from '../load.ts'
import { currentKey } from '../secrets/index.ts'
import { Redactor } from '../secrets/redactor.ts'
import { runWith, streamWith } from '../secrets/run.ts'
import { baselineText, readBaseline } from '../secrets/scan/baseline.ts'
import { historyFiles } from '../secrets/scan/files.ts'
import { type ScanResult, scan } from '../secrets/scan/scan.ts'
import { fingerprint, type Secret } from '../secrets/secret.ts'
import { writeFileAtomic } from '../secrets/write.ts'
import { homesOf, homesOfConfigs } from './scan-homes.ts'

export interface ScanKeysOptions {
  readonly load: LoadOptions
  /** Files and folders; the folder of the config, without its own folders, when there are none. */
  readonly paths: readonly string[]
  readonly history: boolean
  /** Look only into what the next commit takes in. */
  readonly staged?: boolean
  /** Look into what shells remember, too. */
  readonly shellHistory: boolean
  /** Called with every value of the user's that is looked for. */
  readonly onSecret: (secret: Secret) => void
}

/** Variables whose values are looked for even where no key slot uses them. */
const SECRET_NAME = /key|token|secret|passw|credential/i

/**
 * Looks for keys in clear text: by shape, and by the values that the config uses, where there is a config. Throws USAGE
 * for a path that does not exist, and for `staged` outside of a repository.
 */
export async function scanKeys(options: ScanKeysOptions): Promise<ScanResult> {
  const { load, paths, onSecret } = options
  const loaded = await loadIfThere(load)
  const own = new Redactor(fingerprint)
  if (loaded !== undefined) {
    for (const secret of await secretsOf(loaded, load.cwd)) {
      onSecret(secret)
      own.add(secret)
    }
  }
  const named = paths.map(path => ({ path: resolve(load.cwd, path), deep: true }))
  const folder = loaded === undefined || loaded.path === '-' ? load.cwd : loaded.folder
  const wanted = options.staged ? [] : named.length > 0 ? named : [{ path: folder, deep: false }]
  const remembered = options.shellHistory
    ? historyFiles(load.env['HOME'] ?? load.cwd, load.env['HISTFILE'])
    : []
  const first = wanted[0]?.path ?? folder
  const environment = { env: load.env, cwd: load.cwd }
  return await scan({
    paths: [...wanted, ...(await present(remembered)).map(path => ({ path, deep: false }))],
    history: options.history && !options.staged ? await folderOf(first) : undefined,
    staged: options.staged ? load.cwd : undefined,
    own,
    homesAmong: async files => [
      ...(loaded === undefined ? [] : await homesOf(loaded, load)),
      ...(await homesOfConfigs(files, load.env)),
    ],
    cwd: load.cwd,
    run: runWith(environment),
    stream: streamWith(environment),
  })
}

/** A scan needs no config; one that cannot be found or read gives no values, and nothing more. */
async function loadIfThere(load: LoadOptions): Promise<LoadedConfig | undefined> {
  try {
    return await loadConfig({ ...load, dotenvMayFail: true })
  } catch (error) {
    const isAbsent = error instanceof AgwError && error.code === 'CONFIG_NOT_FOUND' && load.file === undefined
    if (isAbsent) return undefined
    throw error
  }
}

async function secretsOf(loaded: LoadedConfig, cwd: string): Promise<Secret[]> {
  const { document, variables } = loaded
  const found: (Secret | undefined)[] = document.variables
    .filter(({ name }) => SECRET_NAME.test(name))
    .map(({ name }) => variables.lookup(name)?.value)
  found.push(...(await Promise.all(slotsOf(loaded).map(slot => currentKey(slot, variables, cwd)))))
  return found.filter(one => one !== undefined)
}

function slotsOf({ draft, document }: LoadedConfig): readonly KeySlot[] {
  return draft === undefined ? [] : keySlots(draft, document)
}

async function present(paths: readonly string[]): Promise<string[]> {
  const there = await Promise.all(
    paths.map(path =>
      stat(path).then(
        stats => stats.isFile(),
        () => false,
      ),
    ),
  )
  return paths.filter((_, index) => there[index])
}

async function folderOf(path: string): Promise<string> {
  return (await stat(path).catch(() => undefined))?.isFile() ? dirname(path) : path
}

/** The findings of a baseline; none without one. */
export async function known(baseline: string | undefined, cwd: string): Promise<ReadonlySet<string>> {
  return baseline === undefined ? new Set() : await readBaseline(resolve(cwd, baseline))
}

/** Writes all findings as known ones. */
export async function writeBaseline(path: string, cwd: string, { files }: ScanResult): Promise<void> {
  const findings = files.flatMap(({ name, leaks }) => leaks.map(({ id }) => ({ id, file: name })))
  await writeFileAtomic(resolve(cwd, path), baselineText(findings))
}
