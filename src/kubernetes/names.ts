import { createHash } from 'node:crypto'

/** Room for endings such as `-secret` within the 63 characters of a DNS label. */
const MAX_LENGTH = 50

/**
 * A name as Kubernetes objects may have it: lower-case letters, digits and dashes (RFC 1123). A name that loses more
 * than its capitals, or anything at all with `exact`, gets a hash of the original, so that two names never become one.
 */
export function toDnsName(name: string, { exact = false } = {}): string {
  const lower = name.toLowerCase()
  const plain = lower.replace(/[^a-z0-9]+/g, '-').replace(/^-|-$/g, '')
  if (plain === (exact ? name : lower) && plain !== '' && plain.length <= MAX_LENGTH) return plain
  const hash = createHash('sha256').update(name).digest('hex').slice(0, 6)
  const start = plain.slice(0, MAX_LENGTH - hash.length - 1).replace(/-$/, '')
  return start === '' ? `agw-${hash}` : `${start}-${hash}`
}

/** What the Secret of a key slot is called: `openai` → `openai-secret`. No other slot has it, whoever names it and when. */
export function secretName(slot: string): string {
  return `${toDnsName(slot, { exact: true })}-secret`
}

/** Whether a name can be a namespace. */
export function isDnsLabel(name: string): boolean {
  return name.length <= 63 && /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?$/.test(name)
}

/** Whether a name can be a Secret's. */
export function isDnsSubdomain(name: string): boolean {
  return (
    name.length <= 253 && /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/.test(name)
  )
}
