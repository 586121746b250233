/** A name as names are compared: `Example.com.` and `example.com` are one, with and without the dot of the root. */
export function comparable(name: string): string {
  return withoutRoot(name).toLowerCase()
}

function withoutRoot(name: string): string {
  return name.length > 1 && name.endsWith('.') ? name.slice(0, -1) : name
}

/** `Example.com:80` → `Example.com`, `[::1]:80` → `[::1]` */
export function withoutPort(authority: string): string {
  const colon = authority.indexOf(':', authority.charCodeAt(0) === 0x5b ? authority.indexOf(']') : 0)
  return colon < 0 ? authority : authority.slice(0, colon)
}

/** `Example.com.:80` → `example.com` */
export function hostOf(authority: string): string {
  return comparable(withoutPort(authority))
}

/** `Example.com.:80` → `Example.com:80` */
export function withoutRootDot(authority: string): string {
  const name = withoutPort(authority)
  return withoutRoot(name) + authority.slice(name.length)
}
