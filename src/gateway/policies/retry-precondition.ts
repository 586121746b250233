import { celContext } from '../cel/context.ts'
import type { Exchange } from '../exchange.ts'
import { afterBody } from './after-body.ts'
import type { PolicyKind } from './policy.ts'

/** Whether a request may be made again at all; asked before the route's own policies change it. */
export const retryPrecondition: PolicyKind<'retry'> = {
  name: 'retry',
  compile([{ value, path }], { cel, maxBodyBytes }) {
    if (!value.precondition) return undefined
    const expression = cel.compile(value.precondition, [...path, 'precondition'])
    const ask = (exchange: Exchange): undefined => {
      exchange.isSentOnce = expression.test(celContext(exchange)) !== true
    }
    if (!expression.usesBody) return { name: 'retry', path, run: ask }
    return {
      name: 'retry',
      path,
      run: afterBody(maxBodyBytes, ask),
    }
  },
}
