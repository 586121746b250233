import { appendFile } from 'node:fs/promises'

/** Adds a page to the summary of a job on GitHub, where there is one; says so when that cannot be done. */
export async function writeStepSummary(
  page: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<string | undefined> {
  const path = env['GITHUB_STEP_SUMMARY']
  if (!path) return undefined
  return appendFile(path, page).then(
    () => undefined,
    () => 'the step summary was not written: the file in GITHUB_STEP_SUMMARY cannot be appended to',
  )
}
