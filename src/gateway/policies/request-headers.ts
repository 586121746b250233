import { editsOf } from '../compile/header-edits.ts'
import { editRequestHeader } from '../headers/request-edits.ts'
import type { PolicyKind } from './policy.ts'

/** Changes to the request's headers, which whatever comes after sees. */
export const requestHeaderModifier: PolicyKind<'requestHeaderModifier'> = {
  name: 'requestHeaderModifier',
  compile([{ value, path }]) {
    const edits = editsOf(value)
    return {
      name: 'requestHeaderModifier',
      path,
      run(exchange) {
        for (const edit of edits) editRequestHeader(exchange.request, edit)
        return undefined
      },
    }
  },
}
