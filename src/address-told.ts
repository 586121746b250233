/** `https://host/path` of a URL that can be parsed: its name, password and parameters may be secrets, and are not told. */
export function addressTold(url: string): string {
  const { origin, pathname } = new URL(url)
  return pathname === '/' ? origin : origin + pathname
}
