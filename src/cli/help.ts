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

  /** What is no command is told as everywhere: the library has words of its own for it here. */
  override async showHelp(argv: string[]): Promise<void> {
    const end = argv.findIndex(word => word.startsWith('-'))
    const words = end === -1 ? argv : argv.slice(0, end)
    const flags = argv.slice(words.length)
    const command = words.findLastIndex((_, at) => this.config.findCommand(words.slice(0, at + 1).join(':')))
    const isTopic = words.length === 1 && this.config.findTopic(words[0] ?? '') !== undefined
    if (words.length === 0 || isTopic) await super.showHelp(argv)
    else if (command >= 0) await super.showHelp([...words.slice(0, command + 1), ...flags])
    else await this.config.runHook('command_not_found', { id: words.join(':'), argv: flags })
  }

  /** Titles are what is not indented; examples stay lines that can be copied. */
  protected override log(...texts: string[]): void {
    const fitting = (line: string): string[] => (/^\S/.test(line) ? wrapped(line, this.#width) : [line])
    super.log(...texts.map(text => text.split('\n').flatMap(fitting).join('\n')))
  }
}
