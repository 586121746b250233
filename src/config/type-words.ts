const EXPECTED: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  object: 'a map',
  record: 'a map',
  array: 'a list',
  tuple: 'a list',
  null: 'nothing',
}

/** A type of zod in the words of messages. */
export function expectedWord(type: string): string {
  return EXPECTED[type] ?? type
}

/** What kind of value stands there; never the value. */
export function foundWord(value: unknown): string {
  if (value === null || value === undefined) return 'empty'
  if (Array.isArray(value)) return 'a list'
  return expectedWord(typeof value)
}

/** What to do when `value` is of none of the `expected` types. */
export function typeHint(expected: readonly string[], value: unknown): string {
  if (value === null || value === undefined) return `write ${emptyOne(expected)}, or remove the key`
  if (expected.includes('text') && typeof value !== 'object') return 'put the value in quotes'
  if (expected.includes('a list')) {
    if (typeof value === 'object' && 'conditional' in value) return NOT_CONDITIONAL
    return typeof value === 'object'
      ? 'put a dash in front of each entry'
      : 'write it as a list, each entry behind a dash'
  }
  if (expected.includes('a map')) {
    return Array.isArray(value)
      ? 'leave out the dash: it takes keys, and no list of them'
      : 'write its keys on lines of their own, indented below'
  }
  if (expected.includes('text')) return 'write plain text here, in quotes if it starts with a bracket'
  const words = expected.join(' or ')
  return typeof value === 'string' ? `write ${words} without quotes` : `write ${words}`
}

const NOT_CONDITIONAL =
  'write the list itself: conditional is for policies of routes, and for an entry of the top-level policies with a target'

function emptyOne(expected: readonly string[]): string {
  if (expected.includes('a map')) return '{} for an empty one'
  return expected.includes('a list') ? '[] for an empty one' : 'a value'
}
