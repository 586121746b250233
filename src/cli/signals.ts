/** Resolves with the first signal that asks the process to stop; a second one ends it at once. */
export function untilSignal(): Promise<NodeJS.Signals> {
  return new Promise(resolve => {
    const stop = (signal: NodeJS.Signals): void => {
      for (const name of ['SIGINT', 'SIGTERM'] as const) {
        process.removeListener(name, stop)
        process.once(name, () => process.exit(130))
      }
      resolve(signal)
    }
    process.on('SIGINT', stop)
    process.on('SIGTERM', stop)
  })
}

/**
 * Listens for SIGHUP, as daemons take it, from now on; `call` says what to do, at once for one that came before. In a
 * terminal the signal keeps its meaning: the terminal is gone, and the program ends.
 */
export function hangups(isTerminal: boolean): { call(action: () => void): void } {
  let waiting = false
  let act = (): void => {
    waiting = true
  }
  if (!isTerminal) process.on('SIGHUP', () => act())
  return {
    call(action) {
      act = action
      if (waiting) action()
    },
  }
}
