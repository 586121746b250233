/** Escapes may be escaped themselves, for each server on the way. */
const MOST_LAYERS = 3

/** The path as an upstream may read it that undoes escapes, dots, doubled slashes and parameters, and looks at no blanks. */
export function plainPath(path: string): string {
  let plain = path
  for (let layer = 0; layer < MOST_LAYERS && plain.includes('%'); layer++) plain = unescaped(plain)
  plain = plain.replaceAll('\\', '/').replaceAll(/;[^/]*|[\s\p{Cc}]/gu, '')
  return normalized(plain)
}

/**
 * Without empty parts and dots. Node's own `normalize` copies all that is before each `..`: 60 KiB of them took a tenth of a
 * second.
 */
function normalized(path: string): string {
  const kept: string[] = []
  for (const part of path.split('/')) {
    if (part === '..') kept.pop()
    else if (part !== '' && part !== '.') kept.push(part)
  }
  return `/${kept.join('/')}`
}

/** What is no escape stays. Letters beyond ASCII come out wrong, and stand in no name of a path. */
function unescaped(text: string): string {
  return text.replaceAll(/%([\da-f]{2})/gi, (_, code: string) =>
    String.fromCharCode(Number.parseInt(code, 16)),
  )
}
