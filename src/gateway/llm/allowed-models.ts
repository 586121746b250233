/** Exact, `*`, `prefix*` or `*suffix`. */
export function nameCovers(pattern: string, name: string): boolean {
  if (pattern === '*') return true
  if (pattern.endsWith('*')) return name.startsWith(pattern.slice(0, -1))
  return pattern.startsWith('*') ? name.endsWith(pattern.slice(1)) : pattern === name
}

/** Whether a key may be used for the model; without a list it may be used for all. */
export function isModelAllowed(allowed: readonly string[] | undefined, model: string): boolean {
  return allowed?.some(pattern => nameCovers(pattern, model)) ?? true
}

/** Some name may fit both patterns, of which each has a star. */
function meet(a: string, b: string): boolean {
  if (a === '*' || b === '*') return true
  const [isPrefix, isOtherPrefix] = [a.endsWith('*'), b.endsWith('*')]
  // The one fixes the start, the other the end: some name has both.
  if (isPrefix !== isOtherPrefix) return true
  const [one, other] = [a.replace('*', ''), b.replace('*', '')]
  return isPrefix
    ? one.startsWith(other) || other.startsWith(one)
    : one.endsWith(other) || other.endsWith(one)
}

/**
 * What a caller may ask for of a model, as names and patterns: where a pattern of the key is the narrower one, that one.
 * `shownNames` has agentgateway's list, in which a key for `gpt-4o*` sees the model `*` by that name.
 */
export function usableNames(name: string, allowed: readonly string[] | undefined): string[] {
  if (allowed === undefined || !name.includes('*')) return shownNames(name, allowed)
  const usable = allowed.flatMap(pattern => {
    if (nameCovers(name, pattern)) return [pattern]
    return pattern.includes('*') && meet(pattern, name) ? [name] : []
  })
  return [...new Set(usable)]
}

/**
 * The names under which a caller is shown a model: of one with a star, the names that the key spells out, and the
 * pattern itself where a pattern of the key meets it.
 */
export function shownNames(name: string, allowed: readonly string[] | undefined): string[] {
  if (allowed === undefined) return [name]
  if (!name.includes('*')) return isModelAllowed(allowed, name) ? [name] : []
  const shown: string[] = []
  for (const pattern of allowed) {
    if (!pattern.includes('*')) {
      if (nameCovers(name, pattern)) shown.push(pattern)
    } else if (meet(pattern, name) && !shown.includes(name)) shown.push(name)
  }
  return shown
}
