import { chmod, mkdir, mkdtemp, realpath, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, sep } from 'node:path'
import { checkOrTell, publishedSchema } from './checking/check.ts'
import type { Diagnostic, Severity } from './config/diagnostic.ts'
import type { Setting } from './config/examples/index.ts'
import { CODES, type Code, type Stage, stageOf } from './config/index.ts'
import type { Send } from './gateway/probe/send.ts'
import type { LoadOptions } from './load.ts'
import type { ProbeAnswer } from './providers/probe.ts'
import { runWith } from './secrets/run.ts'

/** What a code means, with an example and what the check says of it. */
export interface Explanation {
  readonly code: Code
  readonly severity: Severity
  readonly stage: Stage
  readonly title: string
  readonly why: string
  /** Absent where the example cannot be tried out on this machine. */
  readonly finding: Pick<Diagnostic, 'file' | 'message' | 'hint' | 'range'> | undefined
  readonly bad: Setting | undefined
  readonly good: Setting | undefined
}

/**
 * Explains a code by trying out its example in a temporary folder: what is said is what `agw validate`, or the scan, says. `path` is
 * where git is looked for, which some examples need.
 */
export async function explain(code: Code, path: string | undefined): Promise<Explanation> {
  const { exampleOf } = await import('./config/examples/index.ts')
  const example = exampleOf(code)
  const found = example === undefined ? [] : await tryOut(example.bad, path).catch(() => [])
  const { severity, title, why } = CODES[code]
  const finding = found.find(one => one.code === code)
  return { code, severity, stage: stageOf(code), title, why, finding, bad: example?.bad, good: example?.good }
}

/** All findings on a setting in a temporary folder, as the command has them that looks for such. */
export async function tryOut(setting: Setting, path: string | undefined): Promise<Diagnostic[]> {
  const { FOLDER } = await import('./config/examples/index.ts')
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'agw-explain-')))
  try {
    await fill(folder, setting)
    if (setting.tracked !== undefined) await initGit(folder, setting.tracked, path)
    const given = Object.entries(setting.env ?? {})
    const replaced = given.map(([name, value]) => [name, value.replace(FOLDER, folder)])
    const env = { PATH: path, ...Object.fromEntries(replaced) }
    const hasDotenv = setting.files?.['.env'] !== undefined
    const load: LoadOptions = {
      file: join(folder, 'config.yaml'),
      env,
      cwd: folder,
      ...(!hasDotenv && { envFile: false }),
    }
    const found = setting.scan ? await scanned(load) : await checked(setting, load)
    const here = (text: string): string => text.replaceAll(`${folder}${sep}`, '').replaceAll(folder, '.')
    return found.map(one => ({
      ...one,
      file: here(one.file),
      message: here(one.message),
      hint: here(one.hint),
    }))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function checked(setting: Setting, load: LoadOptions): Promise<Diagnostic[]> {
  const { diagnostics, beside } = await checkOrTell(load, {
    secrets: true,
    engine: setting.engine ?? 'agentgateway',
    online: setting.answer && { send: answering(setting.answer) },
    published: await publishedSchema(setting.schema, load.cwd),
  })
  return [...diagnostics, ...beside.flatMap(file => file.diagnostics)]
}

async function scanned(load: LoadOptions): Promise<Diagnostic[]> {
  const { scanKeys } = await import('./keys/scan.ts')
  const { leakFinding } = await import('./keys/leak-finding.ts')
  const options = { load, paths: [], history: false, shellHistory: false, onSecret: () => undefined }
  const { files } = await scanKeys(options)
  return files.flatMap(({ name, leaks }) => leaks.map(leak => leakFinding(leak, name)))
}

function answering(answer: ProbeAnswer): Send {
  return async () => answer
}

async function initGit(folder: string, tracked: readonly string[], path: string | undefined): Promise<void> {
  const run = runWith({ env: { PATH: path }, cwd: folder })
  await run('git', ['init', '--quiet'])
  if (tracked.length > 0) await run('git', ['add', '--', ...tracked])
}

async function fill(folder: string, setting: Setting): Promise<void> {
  const { writtenText } = await import('./config/examples/index.ts')
  const { encoding, files = {} } = setting
  const config = join(folder, 'config.yaml')
  if (setting.isFolder) await mkdir(config)
  else await writeFile(config, writtenText(setting), { encoding: encoding ?? 'utf8', mode: 0o600 })
  for (const [name, file] of Object.entries(files)) {
    const written = typeof file === 'string' ? { text: file, mode: 0o600 } : file
    const { text: content, mode, daysOld = 0, encoding: stored = 'utf8' } = written
    await writeFile(join(folder, name), content, stored)
    await chmod(join(folder, name), mode)
    const madeAt = new Date(Date.now() - daysOld * 86_400_000)
    await utimes(join(folder, name), madeAt, madeAt)
  }
}
