/** Position of the header's name in a flat list of names and values, or -1; `name` is in lower case. */
export function findHeader(headers: readonly string[], name: string): number {
  for (let i = 0; i < headers.length; i += 2) {
    const candidate = headers[i]
    if (candidate !== undefined && candidate.length === name.length && candidate.toLowerCase() === name)
      return i
  }
  return -1
}

/** Takes every header of that name out of the list. */
export function removeHeader(headers: string[], name: string): void {
  for (let at = findHeader(headers, name); at >= 0; at = findHeader(headers, name)) headers.splice(at, 2)
}

/** Replaces the header, or adds it. */
export function setHeader(headers: string[], name: string, value: string): void {
  removeHeader(headers, name)
  headers.push(name, value)
}

/** The token of `Authorization: Bearer …`, or undefined when there is none. */
export function bearerToken(headers: readonly string[]): string | undefined {
  const at = findHeader(headers, 'authorization')
  const value = at < 0 ? undefined : headers[at + 1]
  if (value === undefined || value.slice(0, 7).toLowerCase() !== 'bearer ') return undefined
  return value.slice(7).trim()
}
