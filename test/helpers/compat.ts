import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parse } from 'yaml'
import { expand } from '../../src/config/expand.ts'

/** Configs of the public docs and the published schema; they lie beside a developer's clone, not in the project. */
const COMPAT = resolve(import.meta.dirname, '../../../shared/compat')

export const hasCompat = existsSync(join(COMPAT, 'configs/index.json'))
export const WITHOUT_COMPAT = 'the public configs (skipped: ../shared/compat is not beside the project)'
export const PUBLISHED_SCHEMA = join(COMPAT, 'agentgateway.schema.json')

export interface PublicConfig {
  readonly file: string
  /** As it is published. */
  readonly text: string
  readonly data: unknown
  /** The verdict of the published schema. */
  readonly schemaValid: boolean
}

/** Every public config, its variables set to something plausible. Empty where they are absent. */
export function publicConfigs(): PublicConfig[] {
  if (!hasCompat) return []
  const index = JSON.parse(readFileSync(join(COMPAT, 'configs/index.json'), 'utf8')) as PublicConfig[]
  return index.map(({ file, schemaValid }) => {
    const text = readFileSync(join(COMPAT, 'configs', file), 'utf8')
    return { file, schemaValid, text, data: parse(expand(text, plausible).text) }
  })
}

/** A value that suits what a variable is called. */
export function plausible(name: string): string {
  if (/HOST|DOMAIN/.test(name)) return 'host.example.com'
  if (/PORT/.test(name)) return '8080'
  if (/URL|ISSUER/.test(name)) return 'https://host.example.com/path'
  if (/REGION|RESOURCE/.test(name)) return 'name-of-place'
  return `value-of-${name.toLowerCase()}`
}
