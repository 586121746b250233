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

let act: (() => void) | undefined
let isWaiting = false

function hear(): void {
  if (act === undefined) isWaiting = true
  else act()
}

/**
 * Listens for SIGHUP, as daemons take it, from now on; {@link onHangup} says what to do. In a terminal the signal keeps its
 * meaning: the terminal is gone, and the program ends.
 */
export function expectHangups(isTerminal: boolean): void {
  if (!isTerminal) process.on('SIGHUP', hear)
}

/** True when one has come by now that nobody has acted on; whoever asks listens for those to come. */
export function takeOverHangups(): boolean {
  process.removeListener('SIGHUP', hear)
  return isWaiting
}

/** What a SIGHUP is to do from now on, at once for one that came before. */
export function onHangup(action: () => void): void {
  act = action
  if (isWaiting) action()
}
