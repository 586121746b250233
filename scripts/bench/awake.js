import { spawn, spawnSync } from 'node:child_process'

/**
 * A processor that has nothing to do sleeps, and a virtual one takes some 0.05 ms to wake: on a server with other work it
 * does not come to that. Here something runs on it (Linux' SCHED_IDLE) that makes way for everybody at once. Gives what stops it.
 */
export function keepAwake(...cpus) {
  const running = cpus.map(cpu =>
    spawn('taskset', ['-c', String(cpu), 'chrt', '--idle', '0', process.execPath, '-e', 'for (;;);']),
  )
  return () => {
    for (const one of running) one.kill('SIGKILL')
  }
}

/** From now on this process, too, makes way for everybody at once: it may run without a pause. */
export function beInterruptible() {
  spawnSync('chrt', ['--all-tasks', '--idle', '--pid', '0', String(process.pid)])
}
