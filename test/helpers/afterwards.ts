/** Things to do after a test or after a file, the last one first. */
type Work = () => unknown
const afterTests: Work[] = []
const afterFiles: Work[] = []

/**
 * Has something done after each test, of every file. For modules that several files import: they are loaded once for all
 * of them, and a hook of theirs would be one of the first file only.
 */
export const afterEachTest = (work: Work): void => void afterTests.unshift(work)

/** The same after all tests of a file. */
export const afterEachFile = (work: Work): void => void afterFiles.unshift(work)

export async function afterTest(): Promise<void> {
  for (const work of afterTests) await work()
}

export async function afterFile(): Promise<void> {
  for (const work of afterFiles) await work()
}
