import { posix } from 'node:path'

/** The path as an upstream may read it that undoes escapes, dots, doubled slashes and parameters; undefined where it cannot. */
export function plainPath(path: string): string | undefined {
  try {
    const plain = decodeURIComponent(path)
      .replaceAll('\\', '/')
      .replaceAll(/;[^/]*/g, '')
    return posix.normalize(plain).replace(/(?<=.)\/$/, '')
  } catch {
    return undefined
  }
}
