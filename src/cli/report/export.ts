import type { ExportedConfig } from '../../cluster/index.ts'
import { type ConfigDocument, formatPath } from '../../config/index.ts'

/** Why, where nothing more is known. */
const NOTHING = 'this version writes nothing for it'

type LeftOver = ExportedConfig['leftOver'][number]

/** One line for each part of a config that is not written: what, where, why. */
export function leftOverLine({ path, why }: LeftOver, document: ConfigDocument): string {
  const { line, column } = document.rangeOf(path, 'key').start
  return `${document.file}:${line}:${column}: ${formatPath(path)} is not written: ${why ?? NOTHING}`
}

/** The same for machines. */
export function leftOverJson({ path, why }: LeftOver, document: ConfigDocument): object {
  const { line, column } = document.rangeOf(path, 'key').start
  return { path: formatPath(path), line, column, why: why ?? NOTHING }
}
