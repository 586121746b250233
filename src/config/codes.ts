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

const warning = (title: string, why: string): CodeRow => ({ severity: 'warning', title, why })
const note = (title: string, why: string): CodeRow => ({ severity: 'note', title, why })

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

  // Reading: what stands in the way of the shape.
  NOT_UTF8: shape('not UTF-8 text', 'agentgateway reads UTF-8 only.'),
  TOO_LARGE: shape('too large', 'No config is that large; reading on would only cost time and memory.'),
  TOO_DEEP: shape('nested too deeply', 'No config is that deep: a bracket is open, or the file is hostile.'),
  EMPTY_CONFIG: shape('empty file', 'There is nothing to run.'),
  YAML_SYNTAX: shape('not YAML', 'The file cannot be read at all.'),
  DUPLICATE_KEY: shape('key given twice', 'agentgateway refuses a map with a key twice.'),
  VARIABLE_UNSET: shape(
    'unset variable',
    'agentgateway does not start while a variable it finds is not set.',
  ),
  VARIABLE_IN_COMMENT: shape(
    'unset variable in a comment',
    'agentgateway expands the text before it knows what a comment is, and does not start.',
  ),

  // Keys: what the slots refer to.
  KEY_UNREADABLE: shape('key cannot be read', 'No request can be sent without it.'),
  KEY_EMPTY: shape('empty key', 'An empty credential is sent, and the provider refuses it.'),
  KEY_SUSPECT: warning('not a usable key', 'The provider would refuse it, request by request.'),
  KEY_OF_ANOTHER_PROVIDER: warning("another provider's key", 'It is refused, and a stranger gets to see it.'),
  INLINE_KEY: warning('key in the config', 'Configs are copied, committed and shared; the key goes along.'),
  KEY_FILE_MODE: warning('key file open to others', 'Every user of the machine can read it.'),

  // Meaning: what the format allows and nobody can want.
  DROPPED_SIBLING: warning('key without effect', 'agentgateway drops it without a word.'),
  ANTHROPIC_KEY_PLACE: warning(
    "a client can displace the gateway's key",
    'With an explicit place for the key, a client token in Authorization wins over it.',
  ),
  CLIENT_CREDENTIAL_FORWARDED: note(
    "the client's credential goes to the provider",
    'agentgateway forwards what it does not replace.',
  ),
  CLIENT_KEY_TAKEN: warning(
    'no credential left for the provider',
    'A checked client key is taken off the request, and nothing takes its place.',
  ),
  NOT_RUN_HERE: {
    severity: 'unsupported-here',
    title: 'not run by agw serve',
    why: 'The agentgateway binary runs it; the embedded gateway does not.',
  },
} as const satisfies Record<string, CodeRow>

export type Code = keyof typeof CODES
