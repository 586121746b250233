import { compileRewrite } from '../compile/rewrite.ts'
import { remember } from '../headers/request-edits.ts'
import type { PolicyKind } from './policy.ts'

/** Another path to go on with. The host that is named upstream is a matter of the destination. */
export const urlRewrite: PolicyKind<'urlRewrite'> = {
  name: 'urlRewrite',
  compile([{ value, path }], { secretsIn }) {
    const secrets = secretsIn(value)
    const pathOf = compileRewrite(value).path
    return {
      name: 'urlRewrite',
      path,
      run(exchange) {
        if (pathOf === undefined) return undefined
        const target = pathOf(exchange.path, exchange.match)
        if (typeof target !== 'string') return target
        exchange.path = target
        remember(exchange.request, secrets)
        return undefined
      },
    }
  },
}
