import { posix } from 'node:path'

/** Escapes may be escaped themselves, for each server on the way. */
const MOST_LAYERS = 3

/** The path as an upstream may read it that undoes escapes, dots, doubled slashes and parameters, and looks at no blanks. */
export function plainPath(path: string): string {
  let plain = path
  for (let layer = 0; layer < MOST_LAYERS && plain.includes('%'); layer++) plain = unescaped(plain)
  plain = plain.replaceAll('\\', '/').replaceAll(/;[^/]*|[\s\p{Cc}]/gu, '')
  return posix.normalize(plain).replace(/(?<=.)\/$/, '')
}

/** What is no escape stays. Letters beyond ASCII come out wrong, and stand in no name of a path. */
function unescaped(text: string): string {
  return text.replaceAll(/%([\da-f]{2})/gi, (_, code: string) =>
    String.fromCharCode(Number.parseInt(code, 16)),
  )
}
