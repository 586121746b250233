import { CODES_ABOUT, type Code } from './codes.ts'

/** What a code is about; the names are those of the parts of the table of codes. */
export type Stage = keyof typeof CODES_ABOUT

/** What each stage looks at, in the order in which people look for it. */
export const STAGES: Readonly<Record<Stage, string>> = {
  reading: 'what stands in the way of reading the file, and comments for agw in it',
  shape: 'what the format does not allow',
  keys: 'what the key slots refer to',
  'provider keys': 'where keys of providers go',
  clients: 'who may use the gateway',
  limits: 'rate limits, timeouts, retries and failover',
  references: 'listeners, names and what refers to them',
  routes: 'which route gets a request',
  models: 'which model gets a request',
  text: 'expressions, variables, files and older places',
  engine: 'what only one of the gateways runs',
  scan: 'keys in clear text, which `agw keys scan` looks for',
}

/** All codes, by stage. */
export function codesByStage(): ReadonlyMap<Stage, readonly Code[]> {
  const stages = Object.keys(STAGES) as Stage[]
  return new Map(stages.map(stage => [stage, Object.keys(CODES_ABOUT[stage]) as Code[]]))
}

export function stageOf(code: Code): Stage {
  const stages = Object.keys(STAGES) as Stage[]
  return stages.find(stage => Object.hasOwn(CODES_ABOUT[stage], code)) ?? 'text'
}
