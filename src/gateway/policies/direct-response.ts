import { invalid } from '../compile/invalid.ts'
import type { Answer } from '../failures.ts'
import type { PolicyKind } from './policy.ts'

/** Answers without a backend. */
export const directResponse: PolicyKind<'directResponse'> = {
  name: 'directResponse',
  compile([{ value, path }]) {
    if ('conditional' in value)
      throw invalid(path, 'conditional answers are not run here', 'write a single one')
    const { status, body = '' } = value
    const bytes = typeof body === 'string' ? Buffer.from(body) : Buffer.from(body as number[])
    const answer: Answer = { status, headers: [], body: bytes, reason: 'DirectResponse' }
    return { name: 'directResponse', path, run: () => answer }
  },
}
