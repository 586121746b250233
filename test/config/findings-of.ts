import { expect } from 'vitest'
import { parse } from 'yaml'
import { type Finding, toFindings } from '../../src/config/issues.ts'
import { configSchema } from '../../src/config/schema.ts'

/** What the schema finds in data. */
export function findingsOf(data: unknown): Finding[] {
  const parsed = configSchema.safeParse(data)
  return parsed.success ? [] : toFindings(parsed.error.issues, data)
}

/** The one finding in a text of YAML. */
export function only(yaml: string): Finding {
  const findings = findingsOf(parse(yaml))
  expect(findings).toHaveLength(1)
  return findings[0] as Finding
}
