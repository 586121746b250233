import { type CodeRows, error, note, warning } from './row.ts'

/** What the schema finds. */
export const SHAPE = {
  UNKNOWN_KEY: error('unknown key', 'agentgateway refuses keys it does not know, so the file does not load.'),
  MISSING_KEY: error('missing key', 'The section cannot be read without this key.'),
  WRONG_TYPE: error(
    'wrong type',
    'agentgateway never converts types: a number is not text and null is not a map.',
  ),
  UNKNOWN_VALUE: error('unknown value', 'The key takes a value out of a closed list.'),
  NO_BRANCH: error(
    'none of the alternatives',
    'The section is written in one of several ways and fits none of them.',
  ),
  MANY_BRANCHES: error(
    'several alternatives',
    'These keys exclude each other: only one of them can be meant.',
  ),
  KEY_CONFLICT: error('keys that exclude each other', 'agentgateway refuses the one beside the other.'),
  BAD_LENGTH: error(
    'too few or too many entries',
    'The list or text is empty or longer than agentgateway takes.',
  ),
  BAD_ORDER: error(
    'entries out of order',
    'Entries are tried in order, so one without a condition hides all after it.',
  ),
  BAD_NUMBER: error('number out of range', 'agentgateway reads this number into a smaller range.'),
  BAD_DURATION: error('not a duration', 'Durations are numbers with units, as in 500ms, 10s or 1h30m.'),
  BAD_HOST: error('not a host and port', 'A backend is dialled by host and port; there is no default port.'),
  BAD_HOSTNAME: error(
    'not a hostname',
    'Hostnames are compared without scheme, port and path, so this matches nothing.',
  ),
  BAD_URL: error('not a usable URL', 'The address cannot be called as it stands.'),
  BAD_ADDRESS: error('not an address to listen on', 'The server cannot be bound to it.'),
  BAD_REGEX: error('regular expression does not compile', 'agentgateway compiles it when it loads the file.'),
  BAD_EXPRESSION: error('expression does not compile', 'agentgateway compiles it when it loads the file.'),
  BAD_HEADER: error('not a header name or value', 'HTTP does not allow it, so requests would fail.'),
  BAD_KEY_HASH: error(
    'not a key hash',
    'A virtual key is compared by its SHA-256; no key can match this one.',
  ),
  BAD_MODEL_NAME: error('not a model name', 'A model name takes at most one star, at its start or end.'),
  KEY_AS_PLACE: error(
    'key where a place belongs',
    'A path is shown in messages, in git and by the system; a key written there is as good as published.',
  ),
  BAD_NAME: error('not a name', 'The name cannot be used where it is needed.'),
} as const satisfies CodeRows

/** What stands in the way of the shape. */
export const READING = {
  NOT_UTF8: error('not UTF-8 text', 'agentgateway reads UTF-8 only.'),
  FILE_UNREADABLE: error('file that cannot be read', 'Nothing is known of what stands in it.'),
  TOO_LARGE: error('too large', 'No config is that large; reading on would only cost time and memory.'),
  TOO_DEEP: error('nested too deeply', 'No config is that deep: a bracket is open, or the file is hostile.'),
  EMPTY_CONFIG: error('empty file', 'There is nothing to run.'),
  YAML_SYNTAX: error('not YAML', 'The file cannot be read at all.'),
  DUPLICATE_KEY: error('key given twice', 'agentgateway refuses a map with a key twice.'),
  VARIABLE_UNSET: error(
    'unset variable',
    'agentgateway does not start while a variable it finds is not set.',
  ),
  SOURCE_FAILED: error(
    'the source of a variable gives no value',
    'agw.yaml says where the value comes from, and there is none, or the source does not answer.',
  ),
  DOTENV_UNREADABLE: error(
    'dotenv file that cannot be read',
    'None of its variables has a value then, and agw serve does not start.',
  ),
  DOTENV_LINE: warning(
    'line of a dotenv file that is not what it seems',
    'The variable in it has another value than the line suggests, or none.',
  ),
  VARIABLE_IN_COMMENT: error(
    'unset variable in a comment',
    'agentgateway expands the text before it knows what a comment is, and does not start.',
  ),
  SUPPRESSION_WITHOUT_REASON: warning(
    'finding ignored without a reason',
    'Nobody can tell later whether it may still be ignored, so the comment has no effect.',
  ),
  SUPPRESSION_UNUSED: note(
    'nothing to ignore here',
    'The comment hides nothing now, and would hide the next finding of that code.',
  ),
  PUBLISHED_SCHEMA: error(
    'against the published schema',
    'The agentgateway that this schema belongs to may refuse the file.',
  ),
} as const satisfies CodeRows
