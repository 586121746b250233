import { isNode, listAt } from '../config/rules/tree.ts'
import { unwritten } from './unwritten.ts'
import { conditional, expression, headerExpression, namedList, type Words } from './words.ts'

const LONGEST_BODY = 4096

/** `directResponse` as that of a policy. */
export function answerWords(value: unknown): Words {
  const entries = listAt(value, 'conditional')
  return {
    directResponse: entries.length > 0 ? { conditional: conditional(entries, answer) } : answer(value),
  }
}

function answer(value: unknown): Words {
  const { status, body, bodyExpression, headers } = isNode(value) ? value : {}
  if (typeof status !== 'number' || status < 200 || status > 599)
    unwritten('the controller takes a status from 200 to 599')
  const text = body ?? ''
  if (typeof text !== 'string' || text.length > LONGEST_BODY)
    unwritten(`the controller takes a body of no more than ${LONGEST_BODY} characters`)
  const named = namedList(headers, headerExpression)
  return {
    status,
    ...(text !== '' && { body: text }),
    ...(bodyExpression !== undefined &&
      bodyExpression !== null && { bodyExpression: expression(bodyExpression) }),
    ...(named.length > 0 && { headers: named }),
  }
}
