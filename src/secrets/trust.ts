import { createHash } from 'node:crypto'
import { realpath } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import type { AgwFile, SecretEntry } from '../config/agw/file.ts'
import type { SourceKind } from '../config/agw/places.ts'
import { shownText } from '../config/shown-word.ts'
import { shellWord, suggested } from '../suggested.ts'
import { withLock } from './lock.ts'
import { makeFolder } from './make-folder.ts'
import { readTextFile, toError } from './read.ts'
import type { SourceProblem } from './source-problem.ts'
import { writeFileAtomic } from './write.ts'

type Environment = Readonly<Record<string, string | undefined>>

/** Entries are few; this is a thousand of them. Bytes. */
const MAX_LIST_BYTES = 128 * 1024

/**
 * What needs trust: programs that are run, and addresses that a login or a token is sent to. An address out of the
 * environment (VAULT_ADDR) is the user's own.
 */
export function demandsOf(file: AgwFile): string[] {
  return [...new Set([...file.entries.values()].flatMap(entry => demandOf(entry, file, true) ?? []))]
}

/** Whether an entry may be used only when its file is trusted. */
export function needsTrust(entry: SecretEntry, file: AgwFile): boolean {
  return demandOf(entry, file) !== undefined
}

/** As in `runs op`, or in full, `runs op read op://dev/key`: what a program does is in its arguments. */
function demandOf(
  { kind, where }: SecretEntry,
  { connections }: AgwFile,
  inFull = false,
): string | undefined {
  if (kind === 'exec' && 'argv' in where) {
    const words = inFull ? where.argv : where.argv.slice(0, 1)
    return `runs ${words.map(word => shellWord(shownText(word))).join(' ')}`
  }
  // A kubeconfig names the server, and which file the token for it is read from.
  if (kind === 'kubernetes' && connections.kubernetes?.kubeconfig !== undefined)
    return 'names a kubeconfig of its own'
  const addresses: Partial<Record<SourceKind, string | undefined>> = {
    vault: connections.vault?.address,
    'aws-secretsmanager': connections.aws?.endpoint,
    'aws-ssm': connections.aws?.endpoint,
    gcp: connections.gcp?.endpoint,
    azure: connections.azure?.endpoint,
  }
  return addresses[kind] === undefined ? undefined : `logs in at an address of its own (${kind})`
}

/** Whether this very content at this very place was trusted, or nothing in it needs trust. */
export async function isTrusted(file: AgwFile, env: Environment): Promise<boolean> {
  if (demandsOf(file).length === 0 || env['AGW_TRUST'] === '1') return true
  const read = await readTextFile(listPath(env), MAX_LIST_BYTES)
  return read.ok && read.text.split('\n').includes(await lineOf(file))
}

/** Remembers an agw.yaml as trusted, until it changes. False where that was known. Throws WRITE_FAILED. */
export async function trust(file: AgwFile, env: Environment): Promise<{ changed: boolean; list: string }> {
  const list = listPath(env)
  await makeFolder(dirname(list))
  const line = await lineOf(file)
  return await withLock(list, async () => {
    const read = await readTextFile(list, MAX_LIST_BYTES)
    if (!read.ok && read.problem.code !== 'missing') throw toError(read.problem)
    const lines = read.ok ? read.text.split('\n').filter(Boolean) : []
    if (lines.includes(line)) return { changed: false, list }
    // One version of a file is trusted at a time: the older ones of this place go.
    const [place] = line.split(' ')
    const kept = lines.filter(one => one.split(' ')[0] !== place)
    await writeFileAtomic(list, `${[...kept, line].join('\n')}\n`, { mode: 0o600 })
    return { changed: true, list }
  })
}

/** What is said of a value whose source may not be used. */
export function untrusted(entry: SecretEntry, file: AgwFile): SourceProblem {
  return {
    code: 'untrusted',
    message: `${file.document.file} ${demandOf(entry, file) ?? 'needs trust'}, and nobody has said that it may`,
    hint: `look at the file, then run ${suggested('trust')} (or set AGW_TRUST=1 where every file is your own, as in CI)`,
  }
}

/** Hash of the place, then hash of the content. */
async function lineOf({ path, hash }: AgwFile): Promise<string> {
  const real = await realpath(path).catch(() => path)
  return `${createHash('sha256').update(real).digest('hex')} ${hash}`
}

function listPath(env: Environment): string {
  const base = env['XDG_STATE_HOME'] || join(env['HOME'] ?? homedir(), '.local', 'state')
  return join(base, 'agw', 'trusted')
}
