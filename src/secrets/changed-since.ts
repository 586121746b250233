import { stat } from 'node:fs/promises'

/** Clocks of other machines' file systems, and file systems that count in whole seconds. Milliseconds. */
const SLACK_MS = 2000

/** Whether any of the files may have been written since a time in milliseconds. Those that are not there do not count. */
export async function changedSince(paths: readonly string[], time: number): Promise<boolean> {
  const changes = await Promise.all(
    paths.map(path =>
      stat(path).then(
        ({ ctimeMs, mtimeMs }) => Math.max(ctimeMs, mtimeMs),
        () => 0,
      ),
    ),
  )
  return changes.some(change => change >= time - SLACK_MS)
}
