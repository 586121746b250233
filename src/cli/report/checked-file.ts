import { isAbsolute, relative, sep } from 'node:path'
import type { CheckedConfig } from '../../check.ts'
import type { Diagnostic, Severity } from '../../config/diagnostic.ts'

/** What reports show of a config that was checked. */
export type CheckedFile = Pick<CheckedConfig, 'name' | 'path' | 'document' | 'diagnostics' | 'suppressed'>

/** Worst first. */
export const SEVERITIES: readonly Severity[] = ['error', 'warning', 'unsupported-here', 'note']

/** The finding and what to do about it, on one line. */
export function sentence({ message, hint }: Diagnostic): string {
  return hint === '' ? message : `${message} → ${hint}`
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
