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
  KEY_AS_PLACE: shape(
    'key where a place belongs',
    'A path is shown in messages, in git and by the system; a key written there is as good as published.',
  ),
  BAD_NAME: shape('not a name', 'The name cannot be used where it is needed.'),

  // Reading: what stands in the way of the shape.
  NOT_UTF8: shape('not UTF-8 text', 'agentgateway reads UTF-8 only.'),
  FILE_UNREADABLE: shape('file that cannot be read', 'Nothing is known of what stands in it.'),
  TOO_LARGE: shape('too large', 'No config is that large; reading on would only cost time and memory.'),
  TOO_DEEP: shape('nested too deeply', 'No config is that deep: a bracket is open, or the file is hostile.'),
  EMPTY_CONFIG: shape('empty file', 'There is nothing to run.'),
  YAML_SYNTAX: shape('not YAML', 'The file cannot be read at all.'),
  DUPLICATE_KEY: shape('key given twice', 'agentgateway refuses a map with a key twice.'),
  VARIABLE_UNSET: shape(
    'unset variable',
    'agentgateway does not start while a variable it finds is not set.',
  ),
  SOURCE_FAILED: shape(
    'the source of a variable gives no value',
    'agw.yaml says where the value comes from, and there is none, or the source does not answer.',
  ),
  DOTENV_UNREADABLE: shape(
    'dotenv file that cannot be read',
    'None of its variables has a value then, and agw serve does not start.',
  ),
  DOTENV_LINE: warning(
    'line of a dotenv file that is not what it seems',
    'The variable in it has another value than the line suggests, or none.',
  ),
  VARIABLE_IN_COMMENT: shape(
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
  PUBLISHED_SCHEMA: shape(
    'against the published schema',
    'The agentgateway that this schema belongs to may refuse the file.',
  ),

  // Keys: what the slots refer to.
  KEY_UNREADABLE: shape('key cannot be read', 'No request can be sent without it.'),
  MATERIAL_UNUSABLE: shape(
    'key set, password file, certificate or price catalog that cannot be used',
    'agw serve does not start with it, whether it stands in the config or in a file.',
  ),
  KEY_EMPTY: shape('empty key', 'An empty credential is sent, and the provider refuses it.'),
  KEY_SUSPECT: warning('not a usable key', 'The provider would refuse it, request by request.'),
  KEY_OF_ANOTHER_PROVIDER: warning("another provider's key", 'It is refused, and a stranger gets to see it.'),
  INLINE_KEY: warning('key in the config', 'Configs are copied, committed and shared; the key goes along.'),
  KEY_REJECTED: shape('key that the provider refuses', 'Every request with it is answered with 401.'),
  KEY_LIMITED: warning(
    'key that works in part',
    'The provider knows the key, and answers requests only when what is said of it changes.',
  ),
  KEY_NOT_CONFIRMED: note(
    'key that could not be tried',
    'Whether it works is not known: neither that it does nor that it does not.',
  ),
  KEY_TOO_OLD: warning(
    'key past its age',
    'Whoever has got hold of a copy can use it for as long as it lives.',
  ),
  KEY_AGE_UNKNOWN: note(
    'key of unknown age',
    'agw.yaml limits its age, and nothing says when it was stored.',
  ),
  KEY_FILE_MODE: warning('key file open to others', 'Every user of the machine can read it.'),
  KEY_IN_GIT: warning(
    'key in a repository',
    'A key that was committed stays in the history, wherever the repository was copied to.',
  ),
  KEY_NOT_IGNORED: warning(
    'key file that git would take in',
    'Keys are committed by accident more often than on purpose.',
  ),

  // Meaning: what the format allows and nobody can want.
  // Keys of providers.
  DROPPED_SIBLING: warning('key without effect', 'agentgateway drops it without a word.'),
  KEY_OVERRULED: warning(
    'key that is never used',
    'A stronger place gives a key too, and the two are not merged: a rotation of the weaker one changes nothing.',
  ),
  ANTHROPIC_KEY_PLACE: warning(
    "a client can displace the gateway's key",
    'With an explicit place for the key, a client token in Authorization wins over it.',
  ),
  ANTHROPIC_EXTRA_KEY: warning(
    'a client can overwrite a key in x-api-key',
    'A Bearer token of the client is moved into x-api-key, over the key that was put there.',
  ),
  AZURE_KEY_PLACE: warning(
    'key where Azure does not look for it',
    'API versions by date take keys in the header api-key only, so every request is refused.',
  ),
  AUTHORIZATION_WITHOUT_PREFIX: note(
    'Authorization header without a prefix',
    'A location takes no prefix by itself, and nearly everyone expects "Bearer " in this header.',
  ),
  LOCATION_CANNOT_INSERT: shape(
    'a key cannot be put there',
    'An expression reads a credential out of a request; it cannot put one in, so every call fails.',
  ),
  CLIENT_CREDENTIAL_FORWARDED: note(
    "the client's credential goes to the provider",
    'agentgateway forwards what it does not replace.',
  ),
  CLIENT_KEY_TAKEN: warning(
    'no credential left for the provider',
    'A checked client key is taken off the request, and nothing takes its place.',
  ),
  KEY_IN_CLEAR: warning(
    'key sent without TLS',
    'Without backendTLS a host is called in plain HTTP, and every network on the way can read the key.',
  ),
  KEY_IN_CLEAR_PRIVATE: note(
    'key sent without TLS in a private network',
    'Whoever can listen in that network reads the key; a mesh or a tunnel may make up for it.',
  ),
  PLAIN_TO_TLS_PORT: warning(
    'plain HTTP to port 443',
    'TLS does not follow from the port: the server cannot understand the call, and it went out in clear text.',
  ),
  TLS_UNVERIFIED: note(
    'certificate that is not checked',
    'TLS without a check of the certificate keeps nothing from someone who sits on the way.',
  ),

  // Clients.
  AUTH_OPTIONAL: warning(
    'check of clients that is optional by default',
    'Without a mode, requests that bring no credential pass unchecked: the gateway is open.',
  ),
  AUTH_PERMISSIVE: note(
    'check of clients that refuses nobody',
    'It only notes who a request comes from; something else must decide.',
  ),
  PLAIN_VIRTUAL_KEY: warning(
    'client key in plain text',
    'Configs are copied, committed and shared; a hash would do for the check.',
  ),
  DUPLICATE_VIRTUAL_KEY: warning(
    'client key given twice',
    'Only the last entry counts, with its metadata and its models; the first is dropped without a word.',
  ),
  NO_MODEL_ALLOWED: warning(
    'client key that may use no model',
    'An empty list denies all models; a list that is left out allows all.',
  ),
  ALLOWED_MODEL_UNKNOWN: warning(
    'allowed model that is not there',
    'The entry allows nothing, so the model that was meant is refused to this key.',
  ),
  ALLOWED_MODELS_UNREAD: warning(
    'list of models that nobody reads',
    'Only the llm section checks it; on routes the key may use whatever it likes.',
  ),
  KEY_IN_QUERY: warning(
    'client credential in the query',
    'The access log of agentgateway, and those of proxies before it, hold paths with their queries.',
  ),
  CLIENT_KEY_NOT_REMOVED: warning(
    'client key that goes on to the backend',
    'A checked key is taken off the place it was read from, but an expression names no place.',
  ),
  CHECK_WALKED_AROUND: warning(
    'check of clients with a way around it',
    'Paths are compared letter by letter: what a checked route does not take, as `//v1`, goes to the open one with the same key.',
  ),
  CORS_ANY_ORIGIN: warning(
    'credentials for pages of any origin',
    'agentgateway answers with the origin that asked, so any page can call in the name of its visitor.',
  ),
  ADMIN_EXPOSED: warning(
    'admin pages open to the network',
    'Those of agentgateway ask for no password, show the config and can stop the gateway; agw serve wants a token.',
  ),
  UI_EXPOSED: note(
    'web pages open to all clients',
    'They show the config with its inline keys, and can change it.',
  ),
  BACKEND_LEADS_BACK: warning(
    'backend that is the gateway itself',
    'Each request makes another one of itself; agentgateway does not notice until it has no connections left.',
  ),

  // Limits and failures.
  RATE_LIMIT_SIZE: shape('bucket smaller than its filling', 'agentgateway refuses such a rate limit.'),
  RATE_LIMIT_INTERVAL: shape(
    'bucket filled every 0 seconds',
    'agentgateway divides by the interval, and each request breaks off.',
  ),
  RATE_LIMIT_BLOCKS: warning(
    'rate limit that refuses everything',
    'An empty bucket lets no request through.',
  ),
  RATE_LIMIT_NEVER_FILLS: warning(
    'rate limit that is never filled',
    'After maxTokens requests everything is refused until the gateway starts anew.',
  ),
  RATE_LIMIT_UNCOUNTED: warning(
    'rate limit of tokens where there are none',
    'Tokens are counted in requests for models only; for anything else the limit does nothing.',
  ),
  RETRY_CODES: warning(
    'codes that make no sense for a retry',
    'Without codes no answer is tried again; with codes of success every answer is.',
  ),
  TIMEOUT_ORDER: warning('timeout that never ends anything', 'The shorter one always comes first.'),
  FAILOVER_WITHOUT_EVICTION: warning(
    'failover that never happens',
    'The next group is asked only when all of this one are evicted: by health with eviction, or for the time that the backoff of retries or a Retry-After tells.',
  ),
  FAILOVER_WITHOUT_RETRY: note(
    'failover that comes a request too late',
    'Only later requests go to the next group; the one that failed goes back to its client.',
  ),
  CUSTOM_WITHOUT_HOST: shape(
    'custom provider without a host',
    'It has no address of its own, so every request to it ends in a 503.',
  ),

  // Names and references.
  PORT_TAKEN: shape('port claimed twice', 'agentgateway refuses the file.'),
  TLS_UNUSED: warning(
    'TLS that is not spoken',
    'The listener drops it without a word and speaks in clear text, keys of clients included.',
  ),
  MIXED_LISTENERS: shape(
    'listeners that cannot share a port',
    'A port speaks one way: listeners of the other kind are refused, or get no connection.',
  ),
  LISTENER_AMBIGUOUS: warning(
    'two listeners for the same host',
    'Which of the two gets a request can change with every start.',
  ),
  NO_GATEWAY: shape('nothing to attach to', 'agentgateway refuses what attaches to no gateway.'),
  UNKNOWN_GATEWAY: shape('reference to no fitting gateway', 'agentgateway refuses the file.'),
  UNKNOWN_BACKEND: shape(
    'reference to no backend',
    'agentgateway starts, and answers 500 to every request that should go there.',
  ),
  BACKEND_WITHOUT_SLASH: warning(
    'backend named without its slash',
    'agentgateway answers 500 to its requests; agw serve takes both spellings.',
  ),
  UNKNOWN_PROVIDER: shape('reference to no provider', 'agentgateway refuses the file.'),
  UNKNOWN_MODEL: shape('target that is no model', 'agentgateway refuses the file.'),
  CHECK_WITHOUT_TARGET: shape(
    'check of clients that applies to nothing',
    'agentgateway drops it without a word, so everybody gets in; agw serve refuses to start with it.',
  ),
  POLICY_WITHOUT_TARGET: warning('policy that applies to nothing', 'It is kept and never used.'),
  DUPLICATE_NAME: shape('name given twice', 'agentgateway refuses the file.'),
  NAME_REPLACED: warning(
    'name given twice, of which one is dropped',
    'agentgateway keeps one of the two without a word, and the other never gets a request.',
  ),

  // Routes.
  ROUTE_WITHOUT_BACKEND: warning('route without an answer', 'Every request to it ends in a 500.'),
  NO_WEIGHT: warning('no backend with a weight', 'None is ever chosen, and every request ends in an error.'),
  ROUTE_SHADOWED: warning(
    'route that never gets a request',
    'Another route takes all its requests: it comes first by its path, its conditions or its name.',
  ),
  ROUTE_TIE: warning(
    'order of routes decided by their names',
    'Between equal matches agentgateway goes by the names, letter by letter, and unnamed routes are route0, route1, route10, route2…',
  ),
  ROUTE_HOST_MISSED: warning(
    'host that does not get to its route',
    'The listener is chosen by the host first, and this one is for other hosts.',
  ),
  MATCH_NEVER: warning(
    'match that nothing meets',
    'The route is never used for it. Paths begin with a /, methods are in capitals, and the host is none of the headers.',
  ),
  REGEX_SPAN: note(
    'pattern that misses what it seems to match',
    'The leftmost match that comes first must span the whole text; there is no going back for a longer one.',
  ),
  PREFIX_REWRITE: shape(
    'rewrite of a prefix that did not match',
    'Only the prefix of a pathPrefix match can be replaced; other requests end in an error.',
  ),

  // Models.
  MODEL_SHADOWED: warning(
    'model that is never used',
    'Of models that take the same name the first one is used.',
  ),
  MODEL_PREFIX_KEPT: warning(
    'prefix that the provider does not know',
    'Nothing takes a prefix off by itself: the provider answers that there is no such model.',
  ),
  CLIENT_PATH_KEPT: note(
    'path of another format than the body',
    'With a host of its own and no path, agentgateway leaves the path as the client wrote it, also where it changes the format.',
  ),
  INTERNAL_MODEL_UNUSED: warning(
    'internal model out of reach',
    'Only virtual models reach it, and none does.',
  ),

  // Expressions and text.
  UNKNOWN_FUNCTION: warning(
    'function that agentgateway does not have',
    'It is looked up when the expression is evaluated, which then fails; a rule that fails counts as false.',
  ),
  UNKNOWN_NAME: warning(
    'name that no request has',
    'It is looked up when the expression is evaluated, which then fails; a rule that fails counts as false.',
  ),
  UNREADABLE_LABEL: warning(
    'label that Prometheus cannot read',
    'A page of metrics is read as a whole: with this label in it, no metric arrives.',
  ),
  UNKNOWN_METRIC: warning(
    'removal of a metric that is not there',
    'Nothing is left out, and the metric that was meant is told as before.',
  ),
  VARIABLE_CHANGES_YAML: warning(
    'variable whose value changes the file',
    'agentgateway puts the value into the text before it reads YAML, so what is in it counts as YAML.',
  ),
  VARIABLE_EMPTY: warning(
    'variable that is set to nothing',
    'An empty variable counts as set: no default steps in, and nothing stands where a value should.',
  ),
  DEPRECATED: note('older place', 'It works as before, and may be gone in a later version.'),
  RELATIVE_FILE: note(
    'file path without a start',
    'It is looked for from the folder agentgateway is started in, which a service or container chooses.',
  ),
  NOT_RUN_HERE: {
    severity: 'unsupported-here',
    title: 'not run by agw serve',
    why: 'The agentgateway binary runs it; the embedded gateway does not.',
  },

  // Scan: what `agw keys scan` finds.
  LEAKED_KEY: shape(
    'a key that the config uses, in clear text',
    'Whoever can read this place has a key that works.',
  ),
  KEY_IN_TEXT: shape(
    'a text that has the shape of a provider key',
    'Whoever can read this place may have a key that works.',
  ),
} as const satisfies Record<string, CodeRow>

export type Code = keyof typeof CODES
