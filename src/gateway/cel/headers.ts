import { Absent } from './absent.ts'

/** How what several lines of one name say is shown. */
type View = 'usual' | 'join' | 'raw' | 'split'

/** Lower-case name → the value of each of its lines. */
type Lines = ReadonlyMap<string, readonly string[]>

const REDACTED = '<redacted>'

/**
 * Headers as expressions see them. A name may be spelled in any case; one with several lines has a list, unless the
 * expression asks for another view, as with `request.headers.join()`.
 */
export class CelHeaders extends Map<string, string | readonly string[]> {
  readonly #lines: Lines
  readonly #view: View
  readonly #sensitive: ReadonlySet<string>

  private constructor(lines: Lines, view: View, sensitive: ReadonlySet<string>) {
    super()
    this.#lines = lines
    this.#view = view
    this.#sensitive = sensitive
    for (const [name, values] of lines) this.set(name, shown(values, view))
  }

  /**
   * Names and values in turn; `sensitive` are the lower-case names whose values `redacted()` hides, and `isSeen` leaves
   * names out.
   */
  static of(
    list: readonly string[],
    sensitive: ReadonlySet<string> = new Set(),
    isSeen: (name: string) => boolean = () => true,
  ): CelHeaders {
    const lines = new Map<string, string[]>()
    for (let i = 0; i < list.length; i += 2) {
      const name = (list[i] ?? '').toLowerCase()
      if (!isSeen(name)) continue
      const value = list[i + 1] ?? ''
      const before = lines.get(name)
      if (before === undefined) lines.set(name, [value])
      else before.push(value)
    }
    return new CelHeaders(lines, 'usual', sensitive)
  }

  override get(name: string): string | readonly string[] | undefined {
    return super.get(String(name).toLowerCase())
  }

  override has(name: string): boolean {
    return super.has(String(name).toLowerCase())
  }

  /** Every line of a name, as it came. */
  lines(name: string): readonly string[] {
    return this.#lines.get(name) ?? []
  }

  seenAs(view: View): CelHeaders {
    return new CelHeaders(this.#lines, view, this.#sensitive)
  }

  /** Without the values that nobody should read. */
  redacted(): CelHeaders {
    const lines = [...this.#lines].map(
      ([name, values]) => [name, this.#sensitive.has(name) ? values.map(() => REDACTED) : values] as const,
    )
    return new CelHeaders(new Map(lines), this.#view, this.#sensitive)
  }
}

function shown(values: readonly string[], view: View): string | readonly string[] {
  const [only = ''] = values
  switch (view) {
    case 'usual':
      return values.length === 1 ? only : values
    case 'join':
      return values.join(',')
    case 'raw':
      return values
    case 'split':
      return values.flatMap(value => value.split(',').map(part => part.trim()))
  }
}

function cookie(headers: CelHeaders, name: string): string {
  for (const part of headers.lines('cookie').join(';').split(';')) {
    const text = part.trim()
    if (text.startsWith(`${name}=`)) return text.slice(name.length + 1)
  }
  throw new Absent('no such cookie')
}

export const HEADER_FUNCTIONS: readonly (readonly [
  string,
  (headers: CelHeaders, name: string) => unknown,
])[] = [
  ['Headers.cookie(string): string', cookie],
  ['Headers.join(): Headers', headers => headers.seenAs('join')],
  ['Headers.raw(): Headers', headers => headers.seenAs('raw')],
  // The library's own `split` makes way for this name.
  ['Headers.rust_split(): Headers', headers => headers.seenAs('split')],
  ['Headers.redacted(): Headers', headers => headers.redacted()],
]
