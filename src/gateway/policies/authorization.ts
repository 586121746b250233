import { AuthorizationRules } from '../auth/rules.ts'
import { celContext } from '../cel/context.ts'
import type { Exchange } from '../exchange.ts'
import type { Failure } from '../failures.ts'
import { afterBody } from './after-body.ts'
import type { PolicyKind, Verdict } from './policy.ts'

const FORBIDDEN: Failure = { status: 403, body: 'authorization failed', reason: 'Authorization' }

/** Rules in CEL on who may do what; those of all levels count together. */
export const authorization: PolicyKind<'authorization'> = {
  name: 'authorization',
  compile(levels, { cel, maxBodyBytes }) {
    const rules = new AuthorizationRules(levels, cel)
    const [{ path }] = levels
    const decide = (exchange: Exchange): Verdict => {
      const decidedBy = rules.refusal(celContext(exchange))
      return decidedBy && { ...FORBIDDEN, decidedBy }
    }
    const placed = { name: 'authorization', path, isGuard: true } as const
    if (!rules.usesBody) return { ...placed, run: decide }
    return {
      ...placed,
      run: afterBody(maxBodyBytes, decide),
    }
  },
}
