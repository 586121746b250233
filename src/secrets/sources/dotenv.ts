import { resolve } from 'node:path'
import { type Dotenv, parseDotenv, removeFromDotenv, setInDotenv } from '../dotenv.ts'
import { withLock } from '../lock.ts'
import { type FileFacts, type FileProblem, readTextFile, toError } from '../read.ts'
import { Secret } from '../secret.ts'
import {
  OTHER_STAYS,
  type Reference,
  type SecretSource,
  type SourceContext,
  type StoreResult,
} from '../source.ts'
import type { SourceProblem } from '../source-problem.ts'
import { storedInFile } from '../stored-at.ts'
import { watchFiles } from '../watch.ts'
import { removeEmptied, type WriteResult, writeFileAtomic } from '../write.ts'
import { fileProblem } from './file-problem.ts'

/** A dotenv file may hold more than keys. Bytes. */
const MAX_DOTENV_BYTES = 1024 * 1024

/** A dotenv file as read: its variables as secrets, its findings, and what is known of the file. */
export interface DotenvFile {
  readonly file: string
  /** As messages call it. */
  readonly shown: string
  readonly values: ReadonlyMap<string, Secret>
  readonly findings: Dotenv['findings']
  readonly facts: FileFacts
}

/** Reads a dotenv file; a problem where it cannot be read. Never throws on what the file is or holds. */
export async function readDotenvFile(file: string, shown = file): Promise<DotenvFile | FileProblem> {
  const read = await readTextFile(file, MAX_DOTENV_BYTES, {}, shown)
  if (!read.ok) return { ...read.problem, hint: hintFor(read.problem) }
  const { values, findings } = parseDotenv(read.text)
  const secrets = new Map([...values].map(([name, value]) => [name, new Secret(value, `$${name}`)]))
  return { file, shown, values: secrets, findings, facts: read.facts }
}

/** The byte order mark of UTF-16 is no text in UTF-8 either; PowerShell before 6 writes it unasked. */
function hintFor({ code, at, hint }: FileProblem): string {
  if (code !== 'not-utf8') return hint
  const atStart = at?.line === 1 && at.column === 1
  return atStart ? 'it looks like UTF-16: save it as UTF-8' : 'save it as UTF-8'
}

/** Variables of a dotenv file other than the one beside config.yaml, or under another name. */
export const dotenvSource: SecretSource<'dotenv'> = {
  kind: 'dotenv',
  timeoutMs: 5000,
  describe: ({ file, name }) => (name === undefined ? dotenvFile(file) : `${dotenvFile(file)} ${name}`),
  files: (reference, context) => [pathOf(reference, context)],
  storedAt: (reference, context) => storedInFile(pathOf(reference, context), nameOf(reference)),
  async resolve(references, context) {
    const found = new Map<Reference<'dotenv'>, Secret | SourceProblem>()
    const files = new Map<string, Promise<DotenvFile | FileProblem>>()
    for (const reference of references) {
      const path = pathOf(reference, context)
      const reading = files.get(path) ?? readDotenvFile(path)
      files.set(path, reading)
      const read = await reading
      if ('code' in read) {
        if (read.code !== 'missing') found.set(reference, fileProblem(read))
        continue
      }
      const value = read.values.get(nameOf(reference))
      if (value !== undefined) found.set(reference, value)
    }
    return found
  },
  async store(reference, value, context) {
    const path = pathOf(reference, context)
    const { changed } = await storeInDotenv(path, nameOf(reference), value)
    return { changed, files: [path] }
  },
  async remove(reference, context, only) {
    const path = pathOf(reference, context)
    return { files: [path], ...(await dropFromDotenv(path, nameOf(reference), only)) }
  },
  watch: (references, changed, context) =>
    watchFiles(
      references.map(reference => pathOf(reference, context)),
      changed,
    ),
}

/** Sets one variable of a dotenv file, which is made if needed and has mode 0600 afterwards. Throws an AgwError. */
export async function storeInDotenv(file: string, name: string, value: Secret): Promise<WriteResult> {
  return await withLock(file, async () => {
    const read = await readTextFile(file, MAX_DOTENV_BYTES)
    if (!read.ok && read.problem.code !== 'missing') throw toError(read.problem)
    const text = setInDotenv(read.ok ? read.text : '', name, value.reveal())
    return await writeFileAtomic(file, text, { mode: 0o600 })
  })
}

/** Takes a variable out of a dotenv file, and the file with the last thing in it. Throws an AgwError. */
async function dropFromDotenv(
  file: string,
  name: string,
  only: Secret | undefined,
): Promise<Omit<StoreResult, 'files'>> {
  return await withLock(file, async () => {
    const read = await readTextFile(file, MAX_DOTENV_BYTES)
    if (!read.ok && read.problem.code === 'missing') return { changed: false }
    if (!read.ok) throw toError(read.problem)
    const there = only && parseDotenv(read.text).values.get(name)
    if (there !== undefined && only?.equals(new Secret(there)) === false) return OTHER_STAYS
    const text = removeFromDotenv(read.text, name)
    if (text === read.text) return { changed: false }
    if (text.trim() === '' && (await removeEmptied(file))) return { changed: true, isGone: true }
    const { changed } = await writeFileAtomic(file, text, { mode: 0o600 })
    return { changed }
  })
}

function dotenvFile(file = '.env'): string {
  return file
}

function nameOf({ variable, where }: Reference<'dotenv'>): string {
  return where.name ?? variable
}

function pathOf({ where }: Reference<'dotenv'>, { configDir }: Pick<SourceContext, 'configDir'>): string {
  return resolve(configDir, dotenvFile(where.file))
}
