import type { Path } from '../../config/diagnostic.ts'
import { own } from '../../config/own.ts'
import type { PromptGuard } from '../../config/schema.ts'
import type { RouteType } from '../../providers/index.ts'
import { editsOf } from '../compile/header-edits.ts'
import { invalid } from '../compile/invalid.ts'
import type { Answer } from '../failures.ts'
import { AnswerHeaders } from '../headers.ts'
import { compilePattern, type Pattern } from '../regex/pattern.ts'
import { type TextScope, visitTexts } from './texts.ts'

type RequestGuard = NonNullable<PromptGuard['request']>[number]
type Regexes = NonNullable<RequestGuard['regex']>
type Builtin = NonNullable<Regexes['rules'][number]['builtin']>

/** What takes the place of a find, and what is looked for. */
interface Finder {
  readonly mask: string
  readonly patterns: readonly Pattern[]
}

/**
 * Kinds of personal data, as they look. Digits in groups are written with dashes, spaces or dots; a card begins with the
 * digits of its brand.
 */
const BUILTINS: Readonly<
  Partial<Record<Builtin, { readonly mask: string; readonly written: readonly string[] }>>
> = {
  email: { mask: '<EMAIL_ADDRESS>', written: [String.raw`[\w.+-]+@[A-Za-z0-9-]+\.[A-Za-z0-9.-]+`] },
  ssn: {
    mask: '<SSN>',
    written: [
      String.raw`\b(?:[0-9]{5}-[0-9]{4}|[0-9]{3}-[0-9]{6}|[0-9]{3}[- .][0-9]{2}[- .][0-9]{4}|[0-9]{9})\b`,
    ],
  },
  creditCard: {
    mask: '<CREDIT_CARD>',
    written: [
      String.raw`\b(?:[346][0-9]{3}|5[0-5][0-9]{2})[- ]?[0-9]{3,4}[- ]?[0-9]{3,4}[- ]?[0-9]{3,5}\b`,
      String.raw`\b1[0-9]{3}[- ]?[0-9]{3,4}[- ]?[0-9]{3,4}[- ]?[0-9]{4,5}\b`,
    ],
  },
  caSin: { mask: '<CA_SIN>', written: [String.raw`\b(?:[0-9]{3}[- ][0-9]{3}[- ][0-9]{3}|[0-9]{9})\b`] },
}

const DEFAULT_SCOPE: readonly TextScope[] = ['systemPrompt', 'messages']
const DEFAULT_BODY = 'The request was rejected due to inappropriate content'

interface Guard {
  readonly finders: readonly Finder[]
  readonly scopes: ReadonlySet<TextScope>
  /** Undefined where finds are masked. */
  readonly rejection: Answer | undefined
}

/** A guard of the config with its place. */
export interface PlacedGuard {
  readonly value: RequestGuard
  readonly path: Path
}

/** The request guards of a `promptGuard`, each with its place. */
export function placedGuards(written: PromptGuard | null | undefined, path: Path): PlacedGuard[] {
  return (written?.request ?? []).map((value, index) => ({ value, path: [...path, 'request', index] }))
}

/** `promptGuard`, as far as it looks at requests with patterns. */
export class RequestGuards {
  readonly #guards: readonly Guard[]

  /** Throws CONFIG_INVALID for a guard that is not run here. */
  constructor(guards: readonly PlacedGuard[]) {
    this.#guards = guards.map(({ value, path }) => compileGuard(value, path))
  }

  /** Masks in the body what is to be masked; the answer is what the client is told when something must not pass. */
  check(body: Record<string, unknown>, type: RouteType): Answer | undefined {
    for (const { finders, scopes, rejection } of this.#guards) {
      let isRejected = false
      visitTexts(body, type, (scope, text) => {
        if (isRejected || !scopes.has(scope)) return text
        const masked = maskAll(text, finders)
        if (rejection === undefined || masked === text) return masked
        isRejected = true
        return text
      })
      if (isRejected) return rejection
    }
    return undefined
  }
}

function maskAll(text: string, finders: readonly Finder[]): string {
  let masked = text
  for (const { mask, patterns } of finders) {
    for (const pattern of patterns) masked = pattern.mask(masked, mask)
  }
  return masked
}

function compileGuard({ regex, scope, rejection }: RequestGuard, path: Path): Guard {
  if (regex === undefined) throw invalid(path, 'only regex guards are run here', 'use regex, or take it out')
  const rules = regex.rules.map((rule, index) => finderOf(rule, [...path, 'regex', 'rules', index]))
  return {
    finders: rules,
    scopes: new Set(scope ?? DEFAULT_SCOPE),
    rejection: regex.action === 'reject' ? rejectionOf(rejection) : undefined,
  }
}

function finderOf({ builtin, pattern }: Regexes['rules'][number], path: Path): Finder {
  const known = builtin && own(BUILTINS, builtin)
  if (known !== undefined) return { mask: known.mask, patterns: known.written.map(compilePattern) }
  if (pattern === undefined)
    throw invalid(path, 'this pattern is not run here', 'write a pattern of your own')
  try {
    return { mask: '<masked>', patterns: [compilePattern(pattern)] }
  } catch {
    throw invalid(
      [...path, 'pattern'],
      'this regular expression cannot be run here',
      'write it without operations on sets in brackets, boundaries other than \\b, and counts above 1000',
    )
  }
}

function rejectionOf(written: RequestGuard['rejection']): Answer {
  const { body = DEFAULT_BODY, status = 403, headers } = written ?? {}
  const bytes = typeof body === 'string' ? Buffer.from(body) : Buffer.from(body as number[])
  return { status, headers: new AnswerHeaders(editsOf(headers)).apply([]), body: bytes, reason: 'Guardrail' }
}
