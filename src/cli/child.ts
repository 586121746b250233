import type { StartedTool } from '../secrets/run.ts'
import { takeOverHangups } from './signals.ts'

/** What a command may be told from outside. */
const PASSED_ON = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2', 'SIGCONT'] as const
/** What a terminal sends to every process in front of it, the command included. */
const FROM_TERMINAL: readonly string[] = ['SIGINT', 'SIGQUIT']

/**
 * Passes signals on to a command until it ends, and gives its status. Ctrl-C reaches the command from the terminal
 * itself, once: there it is not passed on. A SIGHUP that came before it was started is.
 */
export async function followChild(child: StartedTool): Promise<number> {
  const own = process.stdin.isTTY === true
  const pass = (signal: NodeJS.Signals): void => {
    if (!own || !FROM_TERMINAL.includes(signal)) child.kill(signal)
  }
  for (const signal of PASSED_ON) process.on(signal, pass)
  if (takeOverHangups()) pass('SIGHUP')
  try {
    return (await child.ended).status
  } finally {
    for (const signal of PASSED_ON) process.removeListener(signal, pass)
  }
}
