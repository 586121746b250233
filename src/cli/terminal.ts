import { styleText } from 'node:util'
import { printable, printableLines } from '../config/printable.ts'
import type { Secret } from '../secrets/secret.ts'
import { writeSurely } from './guard.ts'
import { wrapped, wrappedText } from './wrapped.ts'

/** What the command line knows of its surroundings. Read once from the process, in the base command. */
export interface TerminalOptions {
  readonly stdin: { readonly isTTY?: boolean }
  readonly stdout: NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number }
  readonly stderr: NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number }
  readonly env: Readonly<Record<string, string | undefined>>
  /** The last thing every text passes before it leaves: takes known secrets out. */
  readonly redact: (text: string) => string
}

export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'blue' | 'cyan' | 'magenta'

const TO_AN_EMPTY_LINE = '\r\u001b[K'

/** Writes answers to stdout and everything else to stderr, coloured where the stream wants it, always redacted. */
export class Terminal {
  readonly #options: TerminalOptions
  #hasStatus = false
  readonly #colour: { readonly out: boolean; readonly err: boolean }

  constructor(options: TerminalOptions) {
    this.#options = options
    this.#colour = {
      out: wantsColour(options.env, options.stdout.isTTY === true),
      err: wantsColour(options.env, options.stderr.isTTY === true),
    }
  }

  /** Part of the answer. */
  out(text: string): void {
    this.status('')
    this.#options.stdout.write(`${this.#shown(text)}\n`)
  }

  /** Hands a key out that was made here and that nobody has yet: to stdout, once, and not redacted. Throws OUTPUT_FAILED. */
  async handOver(key: Secret): Promise<void> {
    this.status('')
    await writeSurely(`${key.reveal()}\n`)
  }

  /** The same in the text that `around` gives. */
  async handOverIn(key: Secret, around: (value: string) => string): Promise<void> {
    this.status('')
    await writeSurely(`${around(key.reveal())}\n`)
  }

  /** A note or a warning. */
  err(text: string): void {
    this.status('')
    this.#options.stderr.write(`${this.#shown(text)}\n`)
  }

  /**
   * Prose, broken between words where the stream is narrow. Secrets are taken out before: in one with spaces in it, which was
   * broken in two, nobody would see it any more.
   */
  prose(text: string, stream: 'out' | 'err'): void {
    this[stream](wrappedText(this.#options.redact(text), this.columnsOf(stream)))
  }

  /**
   * The same as lines, for who puts something in front of each: for stdout, or so many characters wide. What is wrapped or cut
   * before it was redacted may be a secret that nobody finds any more.
   */
  lines(text: string, width = this.columns): string[] {
    return wrapped(this.#options.redact(text), width)
  }

  /** Something that a person should not overlook. */
  warn(text: string): void {
    this.prose(this.asWarning(text), 'err')
  }

  /** A text for stderr with the word in front that says what it is. */
  asWarning(text: string): string {
    return `${this.style('yellow', 'warning', 'err')} ${printable(text)}`
  }

  /** What is waited for, in the last line of a person's stderr until something else is told; `''` takes it away. */
  status(text: string): void {
    if (!this.animated) return
    const { stderr } = this.#options
    if (this.#hasStatus) stderr.write(TO_AN_EMPTY_LINE)
    this.#hasStatus = text !== ''
    if (text !== '')
      stderr.write(this.style('dim', this.#shown(text).slice(0, this.columnsOf('err') - 1), 'err'))
  }

  style(style: Style | readonly Style[], text: string, stream: 'out' | 'err' = 'out'): string {
    if (!this.#colour[stream]) return text
    return styleText(style as Parameters<typeof styleText>[0], text, { validateStream: false })
  }

  /** Why no question can be asked, as a clause; `undefined` where both ends are a person's. */
  get whyNobodyThere(): string | undefined {
    const { stdin, stdout, env } = this.#options
    if (stdin.isTTY !== true) return 'standard input is no terminal'
    if (stdout.isTTY !== true) return 'standard output is no terminal'
    if (env['CI']) return 'CI is set'
    return env['TERM'] === 'dumb'
      ? 'TERM is dumb: questions need a terminal that can hide what is typed'
      : undefined
  }

  /** Without secrets, and with nothing in it that a terminal would act on: names of files may hold anything. */
  #shown(text: string): string {
    return printableLines(this.#options.redact(text))
  }

  /** A text without secrets, for who shows a part of it: half a secret would not be found. */
  redacted(text: string): string {
    return this.#options.redact(text)
  }

  /** Progress may be drawn over itself on stderr. */
  private get animated(): boolean {
    return (
      this.#options.stderr.isTTY === true && !this.#options.env['CI'] && this.#options.env['TERM'] !== 'dumb'
    )
  }

  /** How many characters fit in a line of stdout; endless where nobody looks at it. */
  get columns(): number {
    return this.columnsOf('out')
  }

  /** The same for either stream. */
  columnsOf(stream: 'out' | 'err'): number {
    const { isTTY, columns } = this.#options[stream === 'out' ? 'stdout' : 'stderr']
    return isTTY === true && columns ? columns : Number.POSITIVE_INFINITY
  }
}

function wantsColour(env: TerminalOptions['env'], isTTY: boolean): boolean {
  if (env['NO_COLOR'] !== undefined && env['NO_COLOR'] !== '') return false
  const forced = env['FORCE_COLOR']
  if (forced !== undefined) return forced !== '0' && forced !== 'false'
  return isTTY && env['TERM'] !== 'dumb'
}
