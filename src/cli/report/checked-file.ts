import { isAbsolute, relative, sep } from 'node:path'
import type { CheckedConfig, CheckedFile } from '../../checking/check.ts'
import type { Diagnostic, Severity } from '../../config/diagnostic.ts'
import type { AgwError } from '../../errors.ts'

export type { CheckedFile } from '../../checking/check.ts'

/** No path of a system is longer; what is may be a file that was written in the place of its name. */
const LONGEST = 5000
/** What stays of such a text at either end. */
const LEFT = 300

/**
 * The files that reports tell of: each config and what lies beside it, each once. `typable` makes the hints for a config
 * such that what they suggest can be typed. Without secrets is a text that is cut: half of one nobody would find.
 */
export function filesOf(
  checked: readonly CheckedConfig[],
  typable: (about: CheckedConfig, hint: string) => string,
  redacted: (text: string) => string,
): CheckedFile[] {
  const short = (text: string): string => {
    if (text.length <= LONGEST) return text
    const safe = redacted(text)
    return `${safe.slice(0, LEFT)}…${safe.slice(-LEFT)}`
  }
  // What the config is read with comes first where it has a fault: the findings on the config may follow from it.
  const all = checked.flatMap(one => {
    const faulty = one.beside.filter(file => file.diagnostics.length > 0)
    const files = [...faulty, one, ...one.beside.filter(file => !faulty.includes(file))]
    return files.map(file => ({
      ...file,
      diagnostics: file.diagnostics.map(found => ({
        ...found,
        message: short(found.message),
        hint: short(typable(one, found.hint)),
      })),
    }))
  })
  return all.filter((one, index) => all.findIndex(other => other.path === one.path) === index)
}

/** Worst first. */
export const SEVERITIES: readonly Severity[] = ['error', 'warning', 'unsupported-here', 'note']

/** The finding and what to do about it, on one line. */
export function sentence({ message, hint }: Pick<Diagnostic, 'message' | 'hint'>): string {
  return hint === '' ? message : `${message} → ${hint}`
}

/** The same for a check that could not be made. */
export function failureSentence({ message, hint = '' }: AgwError): string {
  return sentence({ message, hint })
}

export function countOf(diagnostics: readonly Diagnostic[], severity: Severity): number {
  return diagnostics.filter(one => one.severity === severity).length
}

/**
 * A file as machines name it: with slashes, relative to `root` (absolute) when it lies there, else absolute. Standard
 * input keeps the name it has in messages.
 */
export function fileBelow(root: string, { path, name }: CheckedFile): string {
  if (path === '-') return name
  const short = relative(root, path)
  const inside = short !== '' && short !== '..' && !short.startsWith(`..${sep}`) && !isAbsolute(short)
  return (inside ? short : path).replaceAll('\\', '/')
}
