import type { Path } from '../../config/diagnostic.ts'
import { own } from '../../config/own.ts'
import type { PromptGuard } from '../../config/schema.ts'
import { invalid } from '../compile/invalid.ts'
import { compilePattern } from '../regex/pattern.ts'
import type { Finder } from './finder.ts'
import { phoneNumbers } from './phone-numbers.ts'

type Regexes = NonNullable<NonNullable<PromptGuard['request']>[number]['regex']>
type Rule = Regexes['rules'][number]

function finder(mask: string, ...written: readonly string[]): Finder {
  const patterns = written.map(compilePattern)
  return {
    finds: text => patterns.some(pattern => pattern.test(text)),
    mask: text => patterns.reduce((masked, pattern) => pattern.mask(masked, mask), text),
  }
}

/**
 * Kinds of personal data, as they look. Digits in groups are written with dashes, spaces or dots; a card begins with the
 * digits of its brand.
 */
const BUILTINS: Readonly<Record<NonNullable<Rule['builtin']>, (path: Path) => Finder>> = {
  email: () => finder('<EMAIL_ADDRESS>', String.raw`[\w.+-]+@[A-Za-z0-9-]+\.[A-Za-z0-9.-]+`),
  ssn: () =>
    finder(
      '<SSN>',
      String.raw`\b(?:[0-9]{5}-[0-9]{4}|[0-9]{3}-[0-9]{6}|[0-9]{3}[- .][0-9]{2}[- .][0-9]{4}|[0-9]{9})\b`,
    ),
  creditCard: () =>
    finder(
      '<CREDIT_CARD>',
      String.raw`\b(?:[346][0-9]{3}|5[0-5][0-9]{2})[- ]?[0-9]{3,4}[- ]?[0-9]{3,4}[- ]?[0-9]{3,5}\b`,
      String.raw`\b1[0-9]{3}[- ]?[0-9]{3,4}[- ]?[0-9]{3,4}[- ]?[0-9]{4,5}\b`,
    ),
  caSin: () => finder('<CA_SIN>', String.raw`\b(?:[0-9]{3}[- ][0-9]{3}[- ][0-9]{3}|[0-9]{9})\b`),
  phoneNumber: phoneNumbers,
}

/** The patterns of a guard, compiled. Throws CONFIG_INVALID for one that cannot be run here. */
export function findersOf({ rules }: Regexes, path: Path): readonly Finder[] {
  return rules.map((rule, index) => finderOf(rule, [...path, 'rules', index]))
}

function finderOf({ builtin, pattern = '' }: Rule, path: Path): Finder {
  const ready = builtin && own(BUILTINS, builtin)
  if (ready !== undefined) return ready([...path, 'builtin'])
  try {
    return finder('<masked>', pattern)
  } catch {
    throw invalid(
      [...path, 'pattern'],
      'this regular expression cannot be run here',
      'write it without operations on sets in brackets, boundaries other than \\b, rare Unicode classes, and counts above 1000',
    )
  }
}
