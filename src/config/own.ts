/**
 * What a table holds under a name that somebody else chose. Names such as `constructor` and `__proto__` are in no table,
 * though every object literal answers to them.
 */
export function own<T>(table: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined
}
