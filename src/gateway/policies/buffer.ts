import { awaitBody } from '../bodies/body.ts'
import type { Exchange } from '../exchange.ts'
import type { Answer } from '../failures.ts'
import type { Placed, PolicyKind, Verdict } from './policy.ts'

const TOO_LARGE: Answer = { status: 413, headers: [], body: '', reason: 'InvalidRequest' }

/** How one body is held. */
export interface BodyBuffer {
  readonly limit: number
  /** A larger body is passed on as it comes, and not refused. */
  readonly isOpen: boolean
}

/** Takes a body in whole before anything else happens to it, that of the request here and that of the answer when it comes. */
export const buffer: PolicyKind<'buffer'> = {
  name: 'buffer',
  compile([{ value, path }], { maxBodyBytes }) {
    const request = bufferOf(value.request, maxBodyBytes)
    const answer = bufferOf(value.response, maxBodyBytes)
    if (request === undefined && answer === undefined) return undefined
    const judge = (exchange: Exchange): Verdict => {
      exchange.bodyLimit = request?.limit
      return request === undefined || request.isOpen || !isLarger(exchange, request.limit)
        ? undefined
        : TOO_LARGE
    }
    return {
      name: 'buffer',
      path,
      run(exchange) {
        exchange.answerBuffer = answer
        if (request === undefined) return undefined
        return awaitBody(exchange, request.limit)?.then(() => judge(exchange)) ?? judge(exchange)
      },
    }
  },
}

/** A body that a policy before this one has read is here, whatever its size. */
function isLarger({ gathering, body }: Exchange, limit: number): boolean {
  return gathering !== undefined || (body !== undefined && body.length > limit)
}

type Written = Placed<'buffer'>['value']['request']

function bufferOf(written: Written, usual: number): BodyBuffer | undefined {
  if (written === undefined || written === null) return undefined
  return { limit: written.maxBytes ?? usual, isOpen: written.failureMode === 'failOpen' }
}
