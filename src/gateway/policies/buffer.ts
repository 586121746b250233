import { awaitBody } from '../body.ts'
import type { Exchange } from '../exchange.ts'
import type { Answer } from '../failures.ts'
import type { PolicyKind, Verdict } from './policy.ts'

const TOO_LARGE: Answer = { status: 413, headers: [], body: '', reason: 'InvalidRequest' }

/** Takes a body in whole before anything else happens; one that is larger is refused, or passed on as it comes. */
export const buffer: PolicyKind<'buffer'> = {
  name: 'buffer',
  compile([{ value, path }], { maxBodyBytes }) {
    const { request } = value
    if (request === undefined || request === null) return undefined
    const limit = request.maxBytes ?? maxBodyBytes
    const isOpen = request.failureMode === 'failOpen'
    const judge = (exchange: Exchange): Verdict => {
      exchange.bodyLimit = limit
      return exchange.gathering === undefined || isOpen ? undefined : TOO_LARGE
    }
    return {
      name: 'buffer',
      path,
      run: exchange => awaitBody(exchange, limit)?.then(() => judge(exchange)) ?? judge(exchange),
    }
  },
}
