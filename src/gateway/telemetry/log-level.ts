/** How much is logged: requests at info, and how they came about at debug; only what went wrong at warn, nothing at off. */
export const LOG_LEVELS = ['debug', 'info', 'warn', 'off'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

/** `config.logging.level` → the level; undefined for what names parts of agentgateway, or a level that is none here. */
export function logLevelOf(written: unknown): LogLevel | undefined {
  const word = Array.isArray(written) && written.length === 1 ? (written[0] as unknown) : written
  return LOG_LEVELS.find(level => level === word)
}
