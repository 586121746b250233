/** A part of a config that manifests have no place for: thrown where that is found, caught where parts are taken. */
export class Unwritten extends Error {
  /** What it is about the part, as in "its location has no word there". */
  readonly why: string

  constructor(why: string) {
    super(why)
    this.why = why
  }
}

/** Says of the part that is being written that it cannot be. */
export function unwritten(why: string): never {
  throw new Unwritten(why)
}
