import { clearLine, cursorTo } from 'node:readline'
import { printable } from '../config/printable.ts'
import { AgwError } from '../errors.ts'
import { endHiding } from './hidden-typing.ts'
import { emptyRefused } from './refused-answer.ts'

/** A choice of a list question. */
export interface Choice<T extends string> {
  readonly value: T
  readonly name: string
  /** What stands in the line of the answer; without it, all of `name`. */
  readonly short?: string
}

/** How many choices are shown at once: fits a terminal of 24 lines. */
const PAGE = 16

/** What stands before a question and each choice: `? `, `❯ `. */
const MARK = 2

/** What stands behind a question that takes a yes: ` (Y/n)`, and room for the cursor. */
const YES_NO = 7

const TYPED_EARLY = 'what was typed before this question was not taken: give it again'

/**
 * Questions to a person. Every question names the flag that answers it, so that nothing can be asked that a script
 * cannot say. The only importer of inquirer, and only when a question is really asked.
 */
export class Prompt {
  readonly #whyNot: string | undefined
  readonly #note: (text: string) => void
  readonly #ready: () => void
  readonly #lines: (text: string, more?: number) => string[]

  /**
   * `whyNot` is why nobody can be asked, as a clause; without it a person can. `note` says something beside a question;
   * `ready` makes the screen ready for one; `lines` breaks a text where the screen does, without its secrets and with so many
   * characters left free.
   */
  constructor(options: {
    readonly whyNot: string | undefined
    readonly note: (text: string) => void
    readonly ready: () => void
    readonly lines: (text: string, free: number) => string[]
  }) {
    this.#whyNot = options.whyNot
    this.#note = options.note
    this.#ready = options.ready
    this.#lines = (text, more = 0) => options.lines(text, MARK + more)
  }

  /** A person can be asked. */
  get allowed(): boolean {
    return this.#whyNot === undefined
  }

  /** As in `nobody can be asked (TERM is dumb)`. */
  get whyNot(): string {
    return `nobody can be asked${this.#whyNot === undefined ? '' : ` (${this.#whyNot})`}`
  }

  async select<T extends string>(
    flag: string,
    message: string,
    choices: readonly Choice<T>[],
    initial?: T,
  ): Promise<T> {
    const answer = await this.#ask(flag, {
      type: 'select',
      message,
      choices: choices.map(({ value, name, short = name }) => ({
        value,
        name: this.#wrapped(printable(name)),
        short: this.#lines(printable(short)).join(' '),
      })),
      // A list that does not fit shows a part of itself: how long it is, says that it goes on.
      ...(choices.length > PAGE && { theme: this.#searched(choices.length) }),
      ...(initial !== undefined && { default: initial }),
      pageSize: PAGE,
      loop: false,
    })
    return answer as T
  }

  async input(
    flag: string,
    message: string,
    options: { readonly initial?: string; readonly check?: (text: string) => string | true } = {},
  ): Promise<string> {
    const answer = await this.#ask(flag, {
      type: 'input',
      message,
      ...(options.initial !== undefined && { default: options.initial }),
      ...(options.check && { validate: options.check }),
    })
    return String(answer).trim()
  }

  async confirm(flag: string, message: string, initial: boolean): Promise<boolean> {
    return (await this.#ask(flag, { type: 'confirm', message, default: initial })) === true
  }

  /** A hidden question: nothing of the answer is drawn, not even its length. */
  async secret(flag: string, message: string, check?: (text: string) => string | true): Promise<string> {
    const validate = check && { validate: check }
    // The message says that it is hidden.
    const theme = { style: { maskedText: '' } }
    return String(await this.#ask(flag, { type: 'password', message, toggleMask: false, theme, ...validate }))
  }

  /** The library breaks words where the line ends. */
  #wrapped(text: string, more = 0): string {
    return this.#lines(text, more).join(`\n${' '.repeat(MARK)}`)
  }

  /** What stands below a long list: letters lead to the choice that begins with them. */
  #searched(count: number): object {
    const keysHelpTip = (keys: readonly (readonly string[])[]): string =>
      this.#wrapped([...keys.map(key => key.join(' ')), `type to find one of ${count}`].join(' • '))
    return { style: { keysHelpTip } }
  }

  /** What is said of an answer that does not fit stands behind a mark of its own. */
  #checked({ validate: check }: { readonly [option: string]: unknown }): object {
    if (typeof check !== 'function') return {}
    const validate = (text: unknown): string | true => {
      const said: unknown = check(text)
      return typeof said === 'string' ? this.#wrapped(said) : true
    }
    return { validate }
  }

  async #ask(flag: string, question: { readonly message: string; readonly [option: string]: unknown }) {
    if (!this.allowed) {
      throw new AgwError('INPUT_NEEDED', `an answer is needed: ${question.message}; ${this.whyNot}`, {
        hint: `give it with ${flag}`,
      })
    }
    const { default: inquirer } = await import('inquirer')
    this.#ready()
    const isTypedEarly = endHiding(process.stdin)
    if (isTypedEarly) {
      // What came before the echo was off stands in this line.
      cursorTo(process.stderr, 0)
      clearLine(process.stderr, 0)
      this.#note(TYPED_EARLY)
    }
    // Questions go to stderr: stdout carries the answer of the command only.
    const ask = inquirer.createPromptModule({ output: process.stderr })
    const message = this.#wrapped(printable(question.message), question['type'] === 'confirm' ? YES_NO : 0)
    // What can be seen may be mended.
    const isSeen = question['type'] === 'select' || question['type'] === 'input'
    const end = isSeen ? undefined : emptyRefused(process.stdin)
    try {
      const answers = await ask([
        { ...question, ...this.#checked(question), message, name: 'answer' } as never,
      ])
      return (answers as { answer: unknown }).answer
    } finally {
      end?.()
    }
  }
}
