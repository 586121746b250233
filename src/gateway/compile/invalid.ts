import { formatPath, type Path } from '../../config/diagnostic.ts'
import { AgwError } from '../../errors.ts'

/** A config that its schema lets through and that still cannot be run. */
export function invalid(path: Path, message: string, hint: string): AgwError {
  return new AgwError('CONFIG_INVALID', `${formatPath(path)}: ${message}`, { hint })
}
