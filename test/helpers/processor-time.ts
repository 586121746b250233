/** Milliseconds of this process's own time that it takes, which other work on the machine changes little. */
export function processorMs(run: () => void): number {
  const before = process.cpuUsage()
  run()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000
}

/** The same of the quickest of three runs, for what has to be short: other work on the machine makes single ones longer. */
export function leastProcessorMs(run: () => void): number {
  return Math.min(...[1, 2, 3].map(() => processorMs(run)))
}
