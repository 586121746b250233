import type { Severity } from './diagnostic.ts'

/** What a diagnostic code means: how bad it is, what it is called, why it matters. */
export interface CodeRow {
  readonly severity: Severity
  /** A few words, no full stop. */
  readonly title: string
  /** One sentence: what happens, or would happen, because of it. */
  readonly why: string
}

const shape = (title: string, why: string): CodeRow => ({ severity: 'error', title, why })

/** The closed table of diagnostic codes, by the stage that finds them. A new finding gets a row here first. */
export const CODES = {
  // Shape: what the schema finds.
  UNKNOWN_KEY: shape('unknown key', 'agentgateway refuses keys it does not know, so the file does not load.'),
  MISSING_KEY: shape('missing key', 'The section cannot be read without this key.'),
  WRONG_TYPE: shape(
    'wrong type',
    'agentgateway never converts types: a number is not text and null is not a map.',
  ),
  UNKNOWN_VALUE: shape('unknown value', 'The key takes a value out of a closed list.'),
  NO_BRANCH: shape(
    'none of the alternatives',
    'The section is written in one of several ways and fits none of them.',
  ),
  MANY_BRANCHES: shape(
    'several alternatives',
    'These keys exclude each other: only one of them can be meant.',
  ),
  KEY_CONFLICT: shape('keys that exclude each other', 'agentgateway refuses the one beside the other.'),
  BAD_LENGTH: shape(
    'too few or too many entries',
    'The list or text is empty or longer than agentgateway takes.',
  ),
  BAD_ORDER: shape(
    'entries out of order',
    'Entries are tried in order, so one without a condition hides all after it.',
  ),
  BAD_NUMBER: shape('number out of range', 'agentgateway reads this number into a smaller range.'),
  BAD_DURATION: shape('not a duration', 'Durations are numbers with units, as in 500ms, 10s or 1h30m.'),
  BAD_HOST: shape('not a host and port', 'A backend is dialled by host and port; there is no default port.'),
  BAD_HOSTNAME: shape(
    'not a hostname',
    'Hostnames are compared without scheme, port and path, so this matches nothing.',
  ),
  BAD_URL: shape('not a usable URL', 'The address cannot be called as it stands.'),
  BAD_ADDRESS: shape('not an address to listen on', 'The server cannot be bound to it.'),
  BAD_REGEX: shape('regular expression does not compile', 'agentgateway compiles it when it loads the file.'),
  BAD_EXPRESSION: shape('expression does not compile', 'agentgateway compiles it when it loads the file.'),
  BAD_HEADER: shape('not a header name or value', 'HTTP does not allow it, so requests would fail.'),
  BAD_KEY_HASH: shape(
    'not a key hash',
    'A virtual key is compared by its SHA-256; no key can match this one.',
  ),
  BAD_MODEL_NAME: shape('not a model name', 'A model name takes at most one star, at its start or end.'),
  BAD_NAME: shape('not a name', 'The name cannot be used where it is needed.'),
} as const satisfies Record<string, CodeRow>

export type Code = keyof typeof CODES
