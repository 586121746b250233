import type { Path } from '../../config/diagnostic.ts'
import { own } from '../../config/own.ts'
import type { PromptGuard } from '../../config/schema.ts'
import { invalid } from '../compile/invalid.ts'
import { compilePattern } from '../regex/pattern.ts'
import { WORD } from '../regex/plain.ts'
import { emailAddresses } from './email-addresses.ts'
import type { Finder } from './finder.ts'
import { phoneNumbers } from './phone-numbers.ts'

type Regexes = NonNullable<NonNullable<PromptGuard['request']>[number]['regex']>
type Rule = Regexes['rules'][number]

/** Groups of digits with nothing around them that belongs to a word. No more than a few can follow, so that JavaScript's own engine is safe. */
function digits(mask: string, ...forms: readonly string[]): Finder {
  const patterns = forms.map(form => new RegExp(`(?<!${WORD})(?:${form})(?!${WORD})`, 'gu'))
  return {
    finds: text => patterns.some(pattern => text.search(pattern) >= 0),
    mask: text => patterns.reduce((masked, pattern) => masked.replace(pattern, mask), text),
  }
}

/** A digit of any script, which the numbers of cards may be written in behind their brand. */
const N = String.raw`\p{Nd}`

/**
 * Kinds of personal data, as they look. Digits in groups are written with dashes, spaces or dots; a card begins with the
 * digits of its brand.
 */
const BUILTINS: Readonly<Record<NonNullable<Rule['builtin']>, (path: Path) => Finder>> = {
  email: () => emailAddresses,
  ssn: () =>
    digits('<SSN>', '[0-9]{5}-[0-9]{4}|[0-9]{3}-[0-9]{6}|[0-9]{3}[- .][0-9]{2}[- .][0-9]{4}|[0-9]{9}'),
  creditCard: () =>
    digits(
      '<CREDIT_CARD>',
      `(?:[346]${N}{3}|5[0-5]${N}{2})[- ]?${N}{3,4}[- ]?${N}{3,4}[- ]?${N}{3,5}`,
      `1${N}{3}[- ]?${N}{3,4}[- ]?${N}{3,4}[- ]?${N}{4,5}`,
    ),
  caSin: () => digits('<CA_SIN>', '[0-9]{3}[- ][0-9]{3}[- ][0-9]{3}|[0-9]{9}'),
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
    const compiled = compilePattern(pattern)
    return { finds: text => compiled.test(text), mask: text => compiled.mask(text, '<masked>') }
  } catch {
    throw invalid(
      [...path, 'pattern'],
      'this regular expression cannot be run here',
      'write it without operations on sets in brackets, boundaries other than \\b, rare Unicode classes, and counts above 1000',
    )
  }
}
