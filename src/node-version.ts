/** What agw runs on, in words. */
export const NEEDED_NODE = 'Node 20.19, 22.12 or newer'

/** The versions that `engines` of package.json names. */
export function runsOn(version: string): boolean {
  const [major = 0, minor = 0] = version.replace(/^v/, '').split('.').map(Number)
  return (major === 20 && minor >= 19) || (major === 22 && minor >= 12) || major > 22
}
