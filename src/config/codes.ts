import { READING, SHAPE } from './codes/file.ts'
import { CLIENTS, KEYS, PROVIDER_KEYS, SCAN } from './codes/keys.ts'
import type { CodeRow } from './codes/row.ts'
import { ENGINE, TEXT } from './codes/text.ts'
import { LIMITS, MODELS, REFERENCES, ROUTES } from './codes/traffic.ts'

/** The closed table of diagnostic codes, by what they are about. A new finding gets a row in one of its parts first. */
export const CODES_ABOUT = {
  shape: SHAPE,
  reading: READING,
  keys: KEYS,
  'provider keys': PROVIDER_KEYS,
  clients: CLIENTS,
  limits: LIMITS,
  references: REFERENCES,
  routes: ROUTES,
  models: MODELS,
  text: TEXT,
  engine: ENGINE,
  scan: SCAN,
} as const

type Parts = typeof CODES_ABOUT

export type Code = { [P in keyof Parts]: keyof Parts[P] }[keyof Parts]

/** The whole table. */
export const CODES: Readonly<Record<Code, CodeRow>> = Object.assign({}, ...Object.values(CODES_ABOUT))
