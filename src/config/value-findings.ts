import type { z } from 'zod'
import type { Code } from './codes.ts'
import type { Path } from './diagnostic.ts'
import { closest } from './did-you-mean.ts'
import { readHint } from './schema/issue-message.ts'
import { list } from './schema/section.ts'
import { looksSecret } from './shown-word.ts'
import { expectedWord, foundWord, typeHint } from './type-words.ts'
import { isOtherType } from './union-branch.ts'

type Issue = z.core.$ZodIssue

/** A finding about a value, without its place. */
export interface Said {
  readonly code: Code
  readonly message: string
  readonly hint: string
}

/** A value of the wrong type, out of a closed list or out of range. The value itself is never repeated. */
export function describeValue(issue: Issue, path: Path, value: unknown): Said {
  const name = subject(path)
  switch (issue.code) {
    case 'invalid_type':
      return wrongType(issue, name, value)
    case 'invalid_value':
      return wrongWord(issue.values.map(String), name, value)
    case 'too_small':
      return outOfRange(issue.origin, `at least ${issue.minimum}`, Number(issue.minimum), name)
    case 'too_big':
      return outOfRange(issue.origin, `at most ${issue.maximum}`, Number(issue.maximum), name)
    default:
      return {
        code: 'WRONG_TYPE',
        message: `${name} is not as it should be`,
        hint: 'look it up in the reference',
      }
  }
}

/**
 * A union none of whose forms has the type of the value, or whose closest one is a mere word that is not near: what all
 * forms take. `undefined` where one form is clearly meant.
 */
export function describeForms(
  errors: readonly (readonly Issue[])[],
  index: number,
  names: readonly string[],
  path: Path,
  value: unknown,
): Said | undefined {
  const chosen = errors[index] ?? []
  const name = subject(path)
  if (isOtherType(chosen, value)) {
    const words = [...new Set(errors.flat().flatMap(expectedWords))]
    const message = `${name} takes ${words.join(' or ')}, and this is ${foundWord(value)}`
    return {
      code: 'WRONG_TYPE',
      message,
      hint: errors.flat().map(hintOf).find(Boolean) ?? typeHint(words, value),
    }
  }
  const word = chosen.find(issue => issue.code === 'invalid_value' && issue.path.length === 0)
  if (word?.code !== 'invalid_value' || word.values.length > 2 || names.length === 0) return undefined
  if (closest(String(value), word.values.map(String)) !== undefined) return undefined
  const others = names.filter((one, at) => at !== index && one !== '')
  return {
    code: 'WRONG_TYPE',
    message: `${name} takes ${names.filter(Boolean).join(' or ')}, and this is other text`,
    hint: `write ${others.join(' or ')}`,
  }
}

function expectedWords(issue: Issue): string[] {
  if (issue.path.length > 0) return []
  if (issue.code === 'invalid_type') return [expectedWord(issue.expected)]
  if (issue.code === 'invalid_value') return [typeof issue.values[0] === 'string' ? 'text' : 'a number']
  return issue.code === 'invalid_union' ? issue.errors.flat().flatMap(expectedWords) : []
}

function hintOf(issue: Issue): string | undefined {
  return issue.path.length === 0 ? readHint(issue.message) : undefined
}

function wrongType(issue: z.core.$ZodIssueInvalidType, name: string, value: unknown): Said {
  if (issue.expected === 'int' && typeof value === 'number') {
    return {
      code: 'BAD_NUMBER',
      message: `${name} takes a whole number`,
      hint: 'write it without a fraction',
    }
  }
  const expected = expectedWord(issue.expected)
  if (typeof value === 'string' && /^0\d+$/.test(value)) {
    return {
      code: 'WRONG_TYPE',
      message: `${name} takes ${expected}, and with a zero in front this is text`,
      hint: 'write the number without the zero',
    }
  }
  return {
    code: 'WRONG_TYPE',
    message: `${name} takes ${expected}, and this is ${foundWord(value)}`,
    hint: readHint(issue.message) ?? typeHint([expected], value),
  }
}

function wrongWord(allowed: readonly string[], name: string, value: unknown): Said {
  const one = allowed.length === 1
  const takes = `${name} takes ${one ? '' : 'one of '}${list(allowed, 'or')}`
  if (typeof value !== 'string') {
    const hint = one ? `write ${list(allowed, 'or')}` : 'write one of them'
    return { code: 'WRONG_TYPE', message: `${takes}, and this is ${foundWord(value)}`, hint }
  }
  const meant = closest(value, allowed)
  const hint = one ? `write ${list(allowed, 'or')}` : 'write one of them'
  return {
    code: 'UNKNOWN_VALUE',
    message: takes,
    hint: meant === undefined ? hint : `did you mean "${meant}"?`,
  }
}

function outOfRange(origin: string, bound: string, limit: number, name: string): Said {
  if (origin === 'string') {
    return { code: 'BAD_LENGTH', message: `${name} is empty`, hint: 'write a value, or remove the key' }
  }
  if (origin === 'array') {
    const hint = bound.startsWith('at least') ? 'add an entry' : 'remove entries'
    return {
      code: 'BAD_LENGTH',
      message: `${name} takes ${bound} ${limit === 1 ? 'entry' : 'entries'}`,
      hint,
    }
  }
  return {
    code: 'BAD_NUMBER',
    message: `${name} takes a number of ${bound}`,
    hint: `write a number of ${bound}`,
  }
}

/** What a value is called: the key it stands at, or the list it is an entry of. */
function subject(path: Path): string {
  const last = path.at(-1)
  if (last === undefined) return 'the config'
  if (typeof last === 'string') return looksSecret(last) ? 'this key' : `"${last}"`
  const owner = path.findLast(step => typeof step === 'string')
  return owner === undefined || looksSecret(owner) ? 'an entry of this list' : `an entry of "${owner}"`
}
