import { type CodeRows, error, note, warning } from './row.ts'

/** What the key slots refer to. */
export const KEYS = {
  KEY_UNREADABLE: error('key cannot be read', 'No request can be sent without it.'),
  MATERIAL_UNUSABLE: error(
    'key set, password file, certificate or price catalog that cannot be used',
    'agw serve does not start with it, whether it stands in the config or in a file.',
  ),
  KEY_EMPTY: error('empty key', 'An empty credential is sent, and the provider refuses it.'),
  KEY_SUSPECT: warning('not a usable key', 'The provider would refuse it, request by request.'),
  KEY_OF_ANOTHER_PROVIDER: warning("another provider's key", 'It is refused, and a stranger gets to see it.'),
  INLINE_KEY: warning('key in the config', 'Configs are copied, committed and shared; the key goes along.'),
  KEY_REJECTED: error('key that the provider refuses', 'Every request with it is answered with 401.'),
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
  KEY_IN_GIT: error(
    'key in a repository',
    'A key that was committed stays in the history, wherever the repository was copied to.',
  ),
  KEY_NOT_IGNORED: warning(
    'key file that git would take in',
    'Keys are committed by accident more often than on purpose.',
  ),
} as const satisfies CodeRows

/** Where keys of providers go. */
export const PROVIDER_KEYS = {
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
  LOCATION_CANNOT_INSERT: error(
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
} as const satisfies CodeRows

/** Who may use the gateway. */
export const CLIENTS = {
  AUTH_OPTIONAL: warning(
    'check of clients that is optional by default',
    'Without a mode, requests that bring no credential pass unchecked: the gateway is open.',
  ),
  AUTH_PERMISSIVE: note(
    'check of clients that refuses nobody',
    'It only notes who a request comes from; something else must decide.',
  ),
  TOKEN_FOR_OTHERS: warning(
    'tokens that were made for another service',
    'An issuer makes tokens for many services, and each of them could use those of its visitors here.',
  ),
  TOKEN_ISSUER_HIDDEN: warning(
    'issuer of tokens that another one hides',
    'The first provider that has the key of a token judges it, by its own issuer and audiences; the others are not asked.',
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
} as const satisfies CodeRows

/** What `agw keys scan` finds. */
export const SCAN = {
  LEAKED_KEY: error(
    'a key that the config uses, in clear text',
    'Whoever can read this place has a key that works.',
  ),
  KEY_IN_TEXT: error(
    'a text that has the shape of a provider key',
    'Whoever can read this place may have a key that works.',
  ),
} as const satisfies CodeRows
