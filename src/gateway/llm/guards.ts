import type { Path } from '../../config/diagnostic.ts'
import type { PromptGuard } from '../../config/schema.ts'
import type { RouteType } from '../../providers/index.ts'
import { editsOf } from '../compile/header-edits.ts'
import { invalid } from '../compile/invalid.ts'
import type { Answer } from '../failures.ts'
import { AnswerHeaders } from '../headers/headers.ts'
import type { Finder } from './finder.ts'
import { findersOf } from './patterns.ts'
import { type TextScope, visitTexts } from './texts.ts'

type RequestGuard = NonNullable<PromptGuard['request']>[number]
type ResponseGuard = NonNullable<PromptGuard['response']>[number]

const DEFAULT_SCOPE: readonly TextScope[] = ['systemPrompt', 'messages']
const DEFAULT_BODY = 'The request was rejected due to inappropriate content'

/** What the log tells of what did not pass, of a request in agentgateway's words; what its client is told may be of any length. */
const REQUEST_REJECTED = 'request rejected by regex guardrail'
export const ANSWER_REJECTED = 'the answer was rejected by a guard'

/** What a guard has done to a text, in agentgateway's words. */
export type GuardAction = 'Allow' | 'Mask' | 'Reject'

/** What the guards of a request and of its answer have done, each that had its say, in order. */
export interface GuardActions {
  readonly request: GuardAction[]
  readonly response: GuardAction[]
}

/** A guard of either side. */
export interface Guard {
  readonly finders: readonly Finder[]
  /** Undefined where finds are masked. */
  readonly rejection: Answer | undefined
}

interface ScopedGuard extends Guard {
  readonly scopes: ReadonlySet<TextScope>
}

/** A `promptGuard` with its place. */
export interface PlacedGuards {
  readonly value: PromptGuard
  readonly path: Path
}

/** What is looked for in requests. */
export class RequestGuards {
  readonly #guards: readonly ScopedGuard[]

  private constructor(guards: readonly ScopedGuard[]) {
    this.#guards = guards
  }

  /** The guards of all that is given, in order; undefined where there are none. Throws CONFIG_INVALID for one that is not run here. */
  static compile(levels: readonly PlacedGuards[]): RequestGuards | undefined {
    const guards = levels.flatMap(({ value, path }) =>
      (value.request ?? []).map((guard, index) => ({
        ...compileGuard(guard, [...path, 'request', index], REQUEST_REJECTED),
        scopes: new Set(guard.scope ?? DEFAULT_SCOPE),
      })),
    )
    return guards.length === 0 ? undefined : new RequestGuards(guards)
  }

  /**
   * Masks in the body what is to be masked; the answer is what the client is told when something must not pass. What each
   * guard has done is added to `told`.
   */
  check(body: Record<string, unknown>, type: RouteType, told: GuardAction[] = []): Answer | undefined {
    for (const { scopes, ...guard } of this.#guards) {
      let isRejected = false
      let isMasked = false
      visitTexts(body, type, (scope, text) => {
        if (isRejected || !scopes.has(scope)) return text
        const passed = guarded(text, guard)
        isRejected = passed === undefined
        isMasked ||= passed !== text
        return passed ?? text
      })
      told.push(actionOf(isRejected, isMasked))
      if (isRejected) return guard.rejection
    }
    return undefined
  }
}

export function actionOf(isRejected: boolean, isMasked: boolean): GuardAction {
  if (isRejected) return 'Reject'
  return isMasked ? 'Mask' : 'Allow'
}

/** The text as it may pass, masked where it must be; undefined where it must not. */
export function guarded(text: string, { finders, rejection }: Guard): string | undefined {
  if (rejection === undefined) return finders.reduce((masked, finder) => finder.mask(masked), text)
  return finders.some(finder => finder.finds(text)) ? undefined : text
}

/** `error` is what the log tells of what it rejects. Throws CONFIG_INVALID for a guard that is not run here. */
export function compileGuard(
  { regex, rejection }: RequestGuard | ResponseGuard,
  path: Path,
  error: string,
): Guard {
  if (regex === undefined) throw invalid(path, 'only regex guards are run here', 'use regex, or take it out')
  return {
    finders: findersOf(regex, [...path, 'regex']),
    rejection: regex.action === 'reject' ? { ...rejectionOf(rejection), error, decidedBy: path } : undefined,
  }
}

function rejectionOf(written: RequestGuard['rejection']): Answer {
  const { body = DEFAULT_BODY, status = 403, headers } = written ?? {}
  const bytes = typeof body === 'string' ? Buffer.from(body) : Buffer.from(body as number[])
  const told = new AnswerHeaders(editsOf(headers)).apply([])
  return { status, headers: told, body: bytes, reason: 'Guardrail' }
}
