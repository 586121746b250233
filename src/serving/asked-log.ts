import { logLevelOf } from '../gateway/index.ts'
import type { ResolvedConfig } from '../secrets/index.ts'
import type { LogOptions } from './access-log.ts'

/** The log, by what flags say of it; where they do not, by the config, as text and at info else. */
export type AskedLog = Omit<LogOptions, 'format' | 'level'> & {
  readonly format: LogOptions['format'] | undefined
  readonly level: LogOptions['level'] | undefined
  /** Told of the format as soon as the config is read. */
  readonly onFormat?: (format: LogOptions['format']) => void
}

/** What is written in this config. */
export function asWritten(log: AskedLog, { config }: ResolvedConfig): LogOptions {
  const { format, level } = config?.logging ?? {}
  return { ...log, format: log.format ?? format ?? 'text', level: log.level ?? logLevelOf(level) ?? 'info' }
}
