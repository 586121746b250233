import type { Path } from '../diagnostic.ts'
import { closest } from '../did-you-mean.ts'
import type { ConfigDocument } from '../document.ts'
import { looksSecret } from '../shown-word.ts'

const LONGEST = 60

/** A name out of the file in quotes; `fallback` where it may be a secret or is too long to be shown. */
export function shown(name: string, fallback: string): string {
  return name.length > LONGEST || looksSecret(name) ? fallback : JSON.stringify(name)
}

const MOST = 8

/** Names out of the file, the first few of many. */
export function listed(names: readonly string[]): string {
  const some = names.slice(0, MOST).map(name => shown(name, '…'))
  return names.length > MOST ? `${some.join(', ')} and ${names.length - MOST} more` : some.join(', ')
}

/** `line 12`, of what stands at a path. */
export function lineOf(document: ConfigDocument, path: Path): string {
  return `line ${document.rangeOf(path, 'key').start.line}`
}

/** "did you mean …? " in front of what else can be done. */
export function meant(name: string, known: readonly string[], otherwise: string): string {
  const safe = known.filter(one => !looksSecret(one))
  const candidate = name.length > LONGEST ? undefined : closest(name, safe)
  return candidate === undefined || candidate === name
    ? otherwise
    : `did you mean ${JSON.stringify(candidate)}?`
}
