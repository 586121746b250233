import { realpath } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'

/** Where a value is stored, in the same words for every spelling of the place. Holds no value. */
export interface StoredAt {
  /** What is there or gone as one: a file after all links, a secret of a store. */
  readonly whole: string
  /** Which value of it, where it holds several; absent for all of it. */
  readonly part?: string | undefined
}

/** A file, or a named value in it. */
export async function storedInFile(path: string, part?: string): Promise<StoredAt> {
  return { whole: `file ${await realPathOf(resolve(path))}`, part }
}

/** Whether a value goes when the other one does. */
export function isOneWith(one: StoredAt, other: StoredAt): boolean {
  if (one.whole !== other.whole) return false
  return one.part === undefined || other.part === undefined || one.part === other.part
}

/** The path after all links, also of a file that is not there yet. */
async function realPathOf(path: string): Promise<string> {
  const folder = dirname(path)
  return await realpath(path).catch(async () =>
    folder === path ? path : join(await realPathOf(folder), basename(path)),
  )
}
