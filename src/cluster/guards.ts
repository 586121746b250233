import { isNode, isSet, listAt } from '../config/rules/tree.ts'
import { unwritten } from './unwritten.ts'
import type { Words } from './words.ts'

const MOST_GUARDS = 8
const LONGEST_PATTERN = 1024
/** What is looked at where a guard of requests does not say. */
const SCOPE = 'systemPrompt,messages'

/** `promptGuard` as that of a backend; undefined where it looks for nothing. Guards that call somebody are not written. */
export function guardWords(value: unknown): Words | undefined {
  const { streaming } = isNode(value) ? value : {}
  const sides = (['request', 'response'] as const).map(
    side => [side, listAt(value, side).map(guard)] as const,
  )
  if (sides.some(([, guards]) => guards.length > MOST_GUARDS))
    unwritten(`the controller takes no more than ${MOST_GUARDS} guards a side`)
  const words = Object.fromEntries(sides.filter(([, guards]) => guards.length > 0))
  if (Object.keys(words).length === 0) return undefined
  return { ...(streaming === 'Enabled' && { streaming }), ...words }
}

function guard(value: unknown): Words {
  const { regex, rejection, scope, ...others } = isNode(value) ? value : {}
  if (Object.values(others).some(isSet) || !isNode(regex))
    unwritten('of its guards this version writes patterns alone')
  if (Array.isArray(scope) && scope.join() !== SCOPE) unwritten('the controller has no word for scope')
  const { action } = regex
  const rules = listAt(regex, 'rules').map(rule => (isNode(rule) ? rule : {}))
  const builtins = rules
    .map(rule => rule['builtin'])
    .filter(isSet)
    .map(name => pascal(String(name)))
  const matches = rules
    .map(rule => rule['pattern'])
    .filter(isSet)
    .map(String)
  // One masks what another left; processRegex in the controller's ai_policies.go (1.4.1) puts the ready ones last.
  const isMixed = rules.slice(0, matches.length).some(rule => !isSet(rule['pattern']))
  if (isMixed && action !== 'reject')
    unwritten('the controller masks by ready patterns last, and here one stands in front of one of your own')
  if (matches.some(pattern => pattern === '' || pattern.length > LONGEST_PATTERN))
    unwritten(`the controller takes patterns of 1 to ${LONGEST_PATTERN} characters`)
  return {
    regex: {
      action: action === 'reject' ? 'Reject' : 'Mask',
      ...(builtins.length > 0 && { builtins }),
      ...(matches.length > 0 && { matches }),
    },
    ...(isNode(rejection) && answerTo(rejection)),
  }
}

function answerTo({ body, status, headers }: Words): Words {
  if (isSet(headers)) unwritten('the controller has no word for headers of a refusal')
  if (isSet(body) && typeof body !== 'string') unwritten('the controller takes a refusal in plain text')
  if (isSet(status) && !(Number(status) >= 200 && Number(status) <= 599))
    unwritten('the controller takes a status from 200 to 599')
  const response = {
    ...(isSet(body) && { message: body }),
    ...(isSet(status) && { statusCode: Number(status) }),
  }
  return Object.keys(response).length === 0 ? {} : { response }
}

function pascal(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1)
}
