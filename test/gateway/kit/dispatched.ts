import type { Dispatcher } from 'undici'

/** What takes requests to an upstream: its connections, or a pool of them. */
interface Dispatching {
  dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): unknown
}

/** Sends one request; resolves with the body of its answer, or with the code of what went wrong. */
export function dispatched(
  to: Dispatching,
  options: Partial<Dispatcher.DispatchOptions> = {},
): Promise<string> {
  return new Promise(resolve => {
    let body = ''
    to.dispatch(
      { path: '/', method: 'GET', ...options },
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
