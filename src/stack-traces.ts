/** What `work` makes of errors has no trace: a trace costs more than all else where errors are nothing unusual. */
export function withoutStackTraces<T>(work: () => T): T {
  const limit = Error.stackTraceLimit
  Error.stackTraceLimit = 0
  try {
    return work()
  } finally {
    Error.stackTraceLimit = limit
  }
}
