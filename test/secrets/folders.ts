import { mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEachFile } from '../helpers/afterwards.ts'

/** Makes temp folders (mode 0700, real paths) that are gone after the file's tests. */
export function tempFolders(): () => string {
  const made: string[] = []
  afterEachFile(() => {
    for (const folder of made.splice(0)) rmSync(folder, { recursive: true, force: true })
  })
  return () => {
    const folder = realpathSync(mkdtempSync(join(tmpdir(), 'agw-secrets-')))
    made.push(folder)
    return folder
  }
}

/** An empty file in a folder. */
export function fileIn(folder: string): string {
  const path = join(folder, 'file')
  writeFileSync(path, '')
  return path
}

/** A symbolic link in a folder. */
export function linkIn(folder: string, name: string, target: string): string {
  const path = join(folder, name)
  symlinkSync(target, path)
  return path
}

/** Acts as a user who is not root, whom the system lets do everything, for as long as `action` runs. */
export async function asNobody<T>(action: () => Promise<T>): Promise<T> {
  if (process.getuid?.() !== 0) return await action()
  process.seteuid?.(65534)
  try {
    return await action()
  } finally {
    process.seteuid?.(0)
  }
}

/** True when the tests run as root, who may act as others. */
export const isRoot = process.getuid?.() === 0
export const isWindows = process.platform === 'win32'
