import { createHash } from 'node:crypto'
import { AgwError } from '../../errors.ts'
import { suggested } from '../../suggested.ts'
import { readTextFile, toError } from '../read.ts'

/** A baseline of a large project. Bytes. */
const MAX_BASELINE_BYTES = 16 * 1024 * 1024

/** What tells a finding again, wherever in the file it stands. Holds no more of the key than its fingerprint does. */
export function findingId(finding: {
  readonly file: string
  readonly kind: string
  readonly fingerprint: string
  readonly inHistory: boolean
}): string {
  const { file, kind, fingerprint, inHistory } = finding
  const parts = JSON.stringify([file, kind, fingerprint, inHistory])
  return createHash('sha256').update(parts).digest('hex').slice(0, 32)
}

/** Findings that are known. Throws USAGE where the file is none that agw wrote, SECRET_UNREADABLE. */
export async function readBaseline(path: string): Promise<ReadonlySet<string>> {
  const read = await readTextFile(path, MAX_BASELINE_BYTES)
  if (!read.ok) throw toError(read.problem)
  try {
    const { version, findings } = JSON.parse(read.text) as { version: unknown; findings: { id: string }[] }
    if (version === 1) return new Set(findings.map(({ id }) => String(id)))
  } catch {
    // Told below: what is wrong with the text may quote it.
  }
  throw new AgwError('USAGE', `${path} is not a baseline that agw has written`, {
    hint: `write one with ${suggested('keys', 'scan', '--write-baseline', 'PATH')}`,
  })
}

/** The text of a baseline. */
export function baselineText(findings: readonly { readonly id: string; readonly file: string }[]): string {
  const known = [...new Map(findings.map(({ id, file }) => [id, { id, file }])).values()]
  // By their letters and not by a language: the file is shared, and not everybody's machine speaks the same.
  const sorted = known.sort((a, b) => inOrder(a.file, b.file) || inOrder(a.id, b.id))
  return `${JSON.stringify({ version: 1, findings: sorted }, null, 2)}\n`
}

function inOrder(one: string, other: string): number {
  return one < other ? -1 : Number(one > other)
}
