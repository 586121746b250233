import { clearLine, cursorTo } from 'node:readline'
import { AgwError } from '../errors.ts'
import { endHiding } from './hidden-typing.ts'

/** A choice of a list question. */
export interface Choice<T extends string> {
  readonly value: T
  readonly name: string
  readonly description?: string
}

/** How many choices are shown at once: fits a terminal of 24 lines. */
const PAGE = 16

const TYPED_EARLY = 'what was typed before this question was not taken: give it again'

/**
 * Questions to a person. Every question names the flag that answers it, so that nothing can be asked that a script
 * cannot say. The only importer of inquirer, and only when a question is really asked.
 */
export class Prompt {
  readonly #whyNot: string | undefined
  readonly #note: (text: string) => void
  readonly #ready: () => void

  /**
   * `whyNot` is why nobody can be asked, as a clause; without it a person can. `note` says something beside a question;
   * `ready` makes the screen ready for one.
   */
  constructor(options: {
    readonly whyNot: string | undefined
    readonly note: (text: string) => void
    readonly ready: () => void
  }) {
    this.#whyNot = options.whyNot
    this.#note = options.note
    this.#ready = options.ready
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
      // A list that does not fit shows a part of itself: how long it is, says that it goes on.
      message: choices.length > PAGE ? `${message} (${choices.length} choices, the list goes on)` : message,
      asked: message,
      choices,
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
    return String(await this.#ask(flag, { type: 'password', message, toggleMask: false, ...validate }))
  }

  /** `asked` is the question by itself, without what helps to answer it. */
  async #ask(flag: string, { asked, ...question }: Record<string, unknown>): Promise<unknown> {
    if (!this.allowed) {
      throw new AgwError(
        'INPUT_NEEDED',
        `an answer is needed: ${String(asked ?? question['message'])}; ${this.whyNot}`,
        {
          hint: `give it with ${flag}`,
        },
      )
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
    const answers = await ask([{ ...question, name: 'answer' } as never])
    return (answers as { answer: unknown }).answer
  }
}
