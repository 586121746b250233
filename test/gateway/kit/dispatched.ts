import type { Call } from '../../../src/gateway/upstream/caller.ts'
import type { Connections } from '../../../src/gateway/upstream/connections.ts'

/** Sends one request; resolves with the body of its answer, or with the code of what went wrong. */
export function dispatched(to: Connections, call: Partial<Call> = {}): Promise<string> {
  return new Promise(resolve => {
    let body = ''
    to.dispatch(
      { path: '/', method: 'GET', headers: [], body: null, servername: '', ...call },
      {
        onConnect() {},
        onHeaders: () => true,
        onData: chunk => {
          body += chunk.toString()
          return true
        },
        onComplete: () => resolve(body),
        onError: error => resolve((error as NodeJS.ErrnoException).code ?? error.message),
      },
    )
  })
}
