import { Help, type Interfaces } from '@oclif/core'
import { wrapped } from './wrapped.ts'

/** Columns that the library does not count where it indents what it has indented. */
const UNCOUNTED = 2

/** Help that keeps to the width of the terminal: the library breaks no title, and what stands below a flag is too wide. */
export default class FittingHelp extends Help {
  readonly #width: number

  constructor(config: Interfaces.Config, options?: Partial<Interfaces.HelpOptions>) {
    super(config, options)
    this.#width = this.opts.maxWidth
    this.opts.maxWidth -= UNCOUNTED
  }

  /** Titles are what is not indented; examples stay lines that can be copied. */
  protected override log(...texts: string[]): void {
    const fitting = (line: string): string[] => (/^\S/.test(line) ? wrapped(line, this.#width) : [line])
    super.log(...texts.map(text => text.split('\n').flatMap(fitting).join('\n')))
  }
}
