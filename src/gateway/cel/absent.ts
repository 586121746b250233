/** Something that is not there, which `default(…)` puts up with. */
export class Absent extends Error {
  readonly code = 'no_such_key'
}
