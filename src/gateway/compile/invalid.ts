import { formatPath, type Path } from '../../config/diagnostic.ts'
import { AgwError } from '../../errors.ts'
import { whyUnread } from '../../plain-file.ts'

/** A config that its schema lets through and that still cannot be run, with the place that is to blame. */
export class InvalidPlace extends AgwError {
  readonly path: Path
  /** The message without the place. */
  readonly what: string

  constructor(path: Path, what: string, hint: string) {
    super('CONFIG_INVALID', `${formatPath(path)}: ${what}`, { hint })
    this.path = path
    this.what = what
  }
}

/** The failure to throw. */
export function invalid(path: Path, message: string, hint: string): InvalidPlace {
  return new InvalidPlace(path, message, hint)
}

/** The same for a file that a place names. */
export function unreadable(path: Path, file: string, error: unknown): InvalidPlace {
  const hint = 'relative paths start at the working directory'
  return invalid(path, `${file} cannot be read: ${whyUnread(error)}`, hint)
}
