import type { Secret } from '../../secrets/secret.ts'
import type { WrittenFile } from '../write-files.ts'

/** What a command has made of one key. */
export interface ChangedKey {
  readonly name: string
  readonly method: string
  readonly changed: boolean
  /** Absent where it has none now. */
  readonly key: Secret | undefined
  readonly previous: Secret | undefined
  readonly files: readonly WrittenFile[]
}

/** The document of `keys set`, `keys move` and `keys remove` under `--json`. */
export function keyChangeJson({ name, method, changed, key, previous, files }: ChangedKey): object {
  return {
    name,
    method,
    changed,
    fingerprint: key?.fingerprint() ?? null,
    previousFingerprint: previous?.fingerprint() ?? null,
    files,
  }
}

/** The word for what was done: `done`, or what a dry run would have done, or that all is as it was. */
export function changeWord(done: string, would: string, changed: boolean, dryRun: boolean): string {
  return dryRun ? `would ${would}` : changed ? done : 'unchanged'
}
