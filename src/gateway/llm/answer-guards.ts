import type { RouteType } from '../../providers/index.ts'
import type { Answer } from '../failures.ts'
import { visitAnswerTexts } from './answer-texts.ts'
import { GuardedEvents } from './guarded-events.ts'
import {
  ANSWER_REJECTED,
  actionOf,
  compileGuard,
  type Guard,
  type GuardAction,
  guarded,
  type PlacedGuards,
} from './guards.ts'

/**
 * What is looked for in answers. Whole answers are masked or rejected. Streams are looked at where `streaming` says so, and
 * then by the guards that reject alone: what has left cannot be masked any more.
 */
export class AnswerGuards {
  readonly #guards: readonly Guard[]
  readonly #isStreaming: boolean

  private constructor(guards: readonly Guard[], isStreaming: boolean) {
    this.#guards = guards
    this.#isStreaming = isStreaming
  }

  /** The guards of all that is given, in order; undefined where there are none. Throws CONFIG_INVALID for one that is not run here. */
  static compile(levels: readonly PlacedGuards[]): AnswerGuards | undefined {
    const guards = levels.flatMap(({ value, path }) =>
      (value.response ?? []).map((guard, index) =>
        compileGuard(guard, [...path, 'response', index], ANSWER_REJECTED),
      ),
    )
    const isStreaming = levels.some(({ value }) => value.streaming === 'Enabled')
    return guards.length === 0 ? undefined : new AnswerGuards(guards, isStreaming)
  }

  /** What a stream goes through before it is passed on; undefined where streams are not looked at. */
  get events(): GuardedEvents | undefined {
    const rejects = this.#isStreaming && this.#guards.some(({ rejection }) => rejection !== undefined)
    return rejects ? new GuardedEvents(text => this.#rejectionOf(text)) : undefined
  }

  /**
   * The body as it may pass, or what the client gets in its place; what each guard has done is added to `told`. Throws
   * where it is no answer of a model.
   */
  check(body: Buffer, told: GuardAction[]): Buffer | Answer {
    const answer: unknown = JSON.parse(body.toString())
    let isChanged = false
    for (const guard of this.#guards) {
      let isRejected = false
      let isMasked = false
      visitAnswerTexts(answer, text => {
        const passed = isRejected ? text : guarded(text, guard)
        isRejected ||= passed === undefined
        isMasked ||= passed !== text
        return passed ?? text
      })
      isChanged ||= isMasked
      told.push(actionOf(isRejected, isMasked))
      if (isRejected && guard.rejection !== undefined) return guard.rejection
    }
    return isChanged ? Buffer.from(JSON.stringify(answer)) : body
  }

  #rejectionOf(text: string): Answer | undefined {
    return this.#guards.find(guard => guard.rejection !== undefined && guarded(text, guard) === undefined)
      ?.rejection
  }
}

/** The formats in which a model says something. */
const SPOKEN: ReadonlySet<RouteType> = new Set(['completions', 'messages', 'responses', 'generateContent'])

/** Whether answers to requests of a format are looked at. */
export function isGuarded(
  ai: { readonly answerGuards: AnswerGuards | undefined } | undefined,
  type: RouteType,
): boolean {
  return ai?.answerGuards !== undefined && SPOKEN.has(type)
}
