/** A place in the written text; line and column are 1-based, offset is 0-based, in UTF-16 units. */
export interface Position {
  readonly offset: number
  readonly line: number
  readonly column: number
}

/** A stretch of the written text; `end` is exclusive. */
export interface Range {
  readonly start: Position
  readonly end: Position
}

export type Severity = 'error' | 'warning' | 'note' | 'unsupported-here'

/** A way into the config tree: `['binds', 0, 'port']`. */
export type Path = readonly (string | number)[]

/** One finding. Messages and hints never hold a value out of the file that could be a secret. */
export interface Diagnostic {
  readonly code: string
  readonly severity: Severity
  readonly message: string
  readonly hint: string
  readonly file: string
  readonly path: Path
  readonly range: Range
}

/** `binds[0].listeners[0]`, the form paths have in messages and JSON. */
export function formatPath(path: Path): string {
  let out = ''
  for (const step of path) {
    if (typeof step === 'number') out += `[${step}]`
    else if (/^[A-Za-z_][\w-]*$/.test(step)) out += out === '' ? step : `.${step}`
    else out += `[${JSON.stringify(step)}]`
  }
  return out
}
