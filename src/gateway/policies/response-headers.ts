import { editsOf } from '../compile/header-edits.ts'
import { AnswerHeaders } from '../headers/headers.ts'
import type { PolicyKind } from './policy.ts'

/**
 * Changes to the headers of answers that the gateway gives itself from here on. What a backend answers has been
 * compiled into its destination.
 */
export const responseHeaderModifier: PolicyKind<'responseHeaderModifier'> = {
  name: 'responseHeaderModifier',
  compile([{ value, path }]) {
    const headers = new AnswerHeaders(editsOf(value))
    return {
      name: 'responseHeaderModifier',
      path,
      run(exchange) {
        exchange.answerHeaders = headers
        return undefined
      },
    }
  },
}
