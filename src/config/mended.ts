import type { Path } from './diagnostic.ts'
import type { Finding } from './issues.ts'
import { pathKey } from './rules/tree.ts'
import { valueAt } from './union-branch.ts'

/** Where they are missing nothing is lost that others could refer to, as a model without a name would be. */
const NAMES_NOTHING: ReadonlySet<string | number> = new Set(['listeners', 'port', 'provider'])

type Section = Record<string | number, unknown>

/** The data of a file as it was meant, and the places of what is missing in it or was left out: `[…, key]`. */
export interface Mended {
  readonly data: unknown
  readonly holes: ReadonlySet<string>
}

/**
 * The data of a file as its findings of shape say that it was meant: keys that the format does not know renamed or left out,
 * numbers and words in quotes read as such, what is no number where one belongs left out. Some things may be missing. So the
 * rest of the file can be judged although these are wrong. `undefined` where one of them, of those that `counts` is true
 * for, does not tell what was meant.
 */
export function mendedData(
  data: unknown,
  findings: readonly Finding[],
  counts: (finding: Finding) => boolean,
): Mended | undefined {
  const mended = structuredClone(data)
  const holes = new Set<string>()
  for (const finding of findings) {
    if (!counts(finding)) continue
    if (NAMES_NOTHING.has(finding.lacks ?? '')) holes.add(holeOf(finding))
    else if (!mend(mended, finding, holes)) return undefined
  }
  return { data: mended, holes }
}

/** The place that a finding of shape says is missing. */
export function holeOf({ path, lacks }: Finding): string {
  return pathKey(lacks === undefined ? path : [...path, lacks])
}

function mend(data: unknown, { code, path, at, meant, wantsNumber }: Finding, holes: Set<string>): boolean {
  const section = valueAt(data, path.slice(0, -1))
  const key = path.at(-1)
  if (key === undefined || typeof section !== 'object' || section === null) return false
  const map = section as Section
  if (code === 'UNKNOWN_KEY' && at === 'key') {
    const value = map[key]
    delete map[key]
    if (meant !== undefined) map[meant] = value
    return true
  }
  if (code !== 'WRONG_TYPE') return false
  const other = ofOtherType(map[key])
  if (other !== undefined && (!wantsNumber || typeof other === 'number')) {
    map[key] = other
    return true
  }
  if (Array.isArray(section) || !(wantsNumber || (map[key] === null && NAMES_NOTHING.has(key)))) return false
  delete map[key]
  holes.add(pathKey(path))
  return true
}

/** A number or a word of YAML in quotes, or one that lacks them. */
function ofOtherType(value: unknown): unknown {
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  if (value === 'true' || value === 'false') return value === 'true'
  return typeof value === 'string' && /^\d{1,15}(?:\.\d{1,15})?$/.test(value) ? Number(value) : undefined
}

/**
 * The places that a finding of shape leaves in doubt. What a key that is not known has to do with those beside it nobody can
 * tell, unless it was meant to be another one; at the top of the file it stands for itself.
 */
export function doubtful({ path, at, meant }: Finding, isMended: boolean): readonly Path[] {
  if (at !== 'key') return [path]
  const section = path.slice(0, -1)
  if (!isMended || (meant === undefined && section.length > 0)) return [section]
  return meant === undefined ? [path] : [path, [...section, meant]]
}
