/** How a process ends: the exit statuses that scripts may rely on. */
export const EXIT = {
  ok: 0,
  findings: 1,
  usage: 2,
  config: 3,
  secret: 4,
  upstream: 5,
  bug: 70,
  /** As shells say it of a command they cannot start, and of one they do not find. */
  notExecutable: 126,
  notFound: 127,
  interrupted: 130,
} as const

/** The closed table of failures: code → exit status. A new failure gets a row here first. */
export const ERROR_CODES = {
  USAGE: EXIT.usage,
  INPUT_NEEDED: EXIT.usage,
  UNKNOWN_COMMAND: EXIT.usage,
  CONFIG_NOT_FOUND: EXIT.config,
  CONFIG_UNREADABLE: EXIT.config,
  CONFIG_INVALID: EXIT.config,
  CONFIG_CHANGED: EXIT.config,
  FILE_EXISTS: EXIT.config,
  WRITE_FAILED: EXIT.config,
  UNKNOWN_SLOT: EXIT.usage,
  UNKNOWN_CLIENT: EXIT.usage,
  CLIENT_EXISTS: EXIT.usage,
  SLOT_NOT_WRITABLE: EXIT.config,
  SECRET_MISSING: EXIT.secret,
  SECRET_REJECTED: EXIT.secret,
  SECRET_UNREADABLE: EXIT.secret,
  TOOL_MISSING: EXIT.secret,
  TOOL_FAILED: EXIT.secret,
  COMMAND_NOT_FOUND: EXIT.notFound,
  COMMAND_NOT_STARTED: EXIT.notExecutable,
  ENGINE_MISSING: EXIT.usage,
  PORT_TAKEN: EXIT.upstream,
  UPSTREAM_FAILED: EXIT.upstream,
  OUTPUT_FAILED: EXIT.upstream,
  WORKER_FAILED: EXIT.bug,
  NOT_PASSED: EXIT.findings,
  DECLINED: EXIT.findings,
  BUG: EXIT.bug,
  INTERRUPTED: EXIT.interrupted,
} as const

export type ErrorCode = keyof typeof ERROR_CODES

/** What a failure may carry besides its message. */
export interface AgwErrorOptions {
  /** What to do next, one sentence. */
  readonly hint?: string
  readonly cause?: unknown
  /** Findings behind the failure, for `--json` and for the report. */
  readonly diagnostics?: readonly unknown[]
}

/** A failure the user can act on. Everything else that is thrown is a bug in agw. */
export class AgwError extends Error {
  readonly code: ErrorCode
  readonly hint: string | undefined
  readonly diagnostics: readonly unknown[]

  constructor(code: ErrorCode, message: string, options: AgwErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'AgwError'
    this.code = code
    this.hint = options.hint
    this.diagnostics = options.diagnostics ?? []
  }

  get exitCode(): number {
    return ERROR_CODES[this.code]
  }
}
