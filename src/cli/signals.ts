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
 * Calls back on every SIGHUP, as daemons take it. In a terminal the signal keeps its meaning: the terminal is gone, and
 * the program ends.
 */
export function onHangup(isTerminal: boolean, action: () => void): void {
  if (!isTerminal) process.on('SIGHUP', action)
}
