import { editsOf } from '../compile/header-edits.ts'
import { editRequestHeader, remember } from '../request-edits.ts'
import type { PolicyKind } from './policy.ts'

/** Changes to the request's headers, which whatever comes after sees. */
export const requestHeaderModifier: PolicyKind<'requestHeaderModifier'> = {
  name: 'requestHeaderModifier',
  compile([{ value, path }], { secretsIn }) {
    const edits = editsOf(value)
    const secrets = secretsIn(value)
    return {
      name: 'requestHeaderModifier',
      path,
      run(exchange) {
        remember(exchange.request, secrets)
        for (const edit of edits) editRequestHeader(exchange.request, edit)
        return undefined
      },
    }
  },
}
