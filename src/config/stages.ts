import { CODES, type Code } from './codes.ts'

/** What a code is about; the names are those of the parts of the table of codes. */
export type Stage =
  | 'reading'
  | 'shape'
  | 'keys'
  | 'provider keys'
  | 'clients'
  | 'limits'
  | 'references'
  | 'routes'
  | 'models'
  | 'text'
  | 'engine'
  | 'scan'

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

/** The first code of each stage: the table of codes has them stage by stage. */
const FIRST: Partial<Record<Code, Stage>> = {
  UNKNOWN_KEY: 'shape',
  NOT_UTF8: 'reading',
  KEY_UNREADABLE: 'keys',
  DROPPED_SIBLING: 'provider keys',
  AUTH_OPTIONAL: 'clients',
  RATE_LIMIT_SIZE: 'limits',
  PORT_TAKEN: 'references',
  ROUTE_WITHOUT_BACKEND: 'routes',
  MODEL_SHADOWED: 'models',
  UNKNOWN_FUNCTION: 'text',
  NOT_RUN_HERE: 'engine',
  LEAKED_KEY: 'scan',
}

/** All codes, by stage. */
export function codesByStage(): ReadonlyMap<Stage, readonly Code[]> {
  const found = new Map<Stage, Code[]>((Object.keys(STAGES) as Stage[]).map(stage => [stage, []]))
  let stage: Stage = 'shape'
  for (const code of Object.keys(CODES) as Code[]) {
    stage = FIRST[code] ?? stage
    found.get(stage)?.push(code)
  }
  return found
}

export function stageOf(code: Code): Stage {
  for (const [stage, codes] of codesByStage()) if (codes.includes(code)) return stage
  return 'text'
}
