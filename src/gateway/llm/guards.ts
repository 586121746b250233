import type { Path } from '../../config/diagnostic.ts'
import { own } from '../../config/own.ts'
import type { PromptGuard } from '../../config/schema.ts'
import type { RouteType } from '../../providers/index.ts'
import { editsOf } from '../compile/header-edits.ts'
import { invalid } from '../compile/invalid.ts'
import type { Answer } from '../failures.ts'
import { AnswerHeaders } from '../headers.ts'
import { javascriptRegex } from '../rust-regex.ts'
import { type TextScope, visitTexts } from './texts.ts'

type RequestGuard = NonNullable<PromptGuard['request']>[number]
type Regexes = NonNullable<RequestGuard['regex']>
type Builtin = NonNullable<Regexes['rules'][number]['builtin']>

/** What takes the place of a find, and what is looked for. */
interface Finder {
  readonly mask: string
  readonly patterns: readonly RegExp[]
}

/**
 * Kinds of personal data, as they look. Digits in groups are written with dashes, spaces or dots; a card begins with the
 * digits of its brand.
 */
const BUILTINS: Readonly<Partial<Record<Builtin, Finder>>> = {
  email: { mask: '<EMAIL_ADDRESS>', patterns: [/[\w.+-]+@[A-Za-z0-9-]+\.[A-Za-z0-9.-]+/g] },
  ssn: {
    mask: '<SSN>',
    patterns: [/\b(?:\d{5}-\d{4}|\d{3}-\d{6}|\d{3}[- .]\d{2}[- .]\d{4}|\d{9})\b/g],
  },
  creditCard: {
    mask: '<CREDIT_CARD>',
    patterns: [
      /\b(?:[346]\d{3}|5[0-5]\d{2})[- ]?\d{3,4}[- ]?\d{3,4}[- ]?\d{3,5}\b/g,
      /\b1\d{3}[- ]?\d{3,4}[- ]?\d{3,4}[- ]?\d{4,5}\b/g,
    ],
  },
  caSin: { mask: '<CA_SIN>', patterns: [/\b(?:\d{3}[- ]\d{3}[- ]\d{3}|\d{9})\b/g] },
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
    // A pattern that finds nothing at all, such as a*, has nothing to mask.
    for (const pattern of patterns) masked = masked.replace(pattern, found => (found === '' ? '' : mask))
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
  if (known !== undefined) return known
  if (pattern === undefined)
    throw invalid(path, 'this pattern is not run here', 'write a pattern of your own')
  try {
    return { mask: '<masked>', patterns: [javascriptRegex(pattern, 'g')] }
  } catch {
    throw invalid(
      [...path, 'pattern'],
      'this regular expression cannot be run here',
      'write it without inline flags and look-around',
    )
  }
}

function rejectionOf(written: RequestGuard['rejection']): Answer {
  const { body = DEFAULT_BODY, status = 403, headers } = written ?? {}
  const bytes = typeof body === 'string' ? Buffer.from(body) : Buffer.from(body as number[])
  return { status, headers: new AnswerHeaders(editsOf(headers)).apply([]), body: bytes, reason: 'Guardrail' }
}
