import { type CodeRows, error, note, warning } from './row.ts'

/** Limits and failures. */
export const LIMITS = {
  RATE_LIMIT_SIZE: error('bucket smaller than its filling', 'agentgateway refuses such a rate limit.'),
  RATE_LIMIT_INTERVAL: error(
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
  CUSTOM_WITHOUT_HOST: error(
    'custom provider without a host',
    'It has no address of its own, so every request to it ends in a 503.',
  ),
} as const satisfies CodeRows

/** Names and references. */
export const REFERENCES = {
  PORT_TAKEN: error('port claimed twice', 'agentgateway refuses the file.'),
  TLS_UNUSED: warning(
    'TLS that is not spoken',
    'The listener drops it without a word and speaks in clear text, keys of clients included.',
  ),
  MIXED_LISTENERS: error(
    'listeners that cannot share a port',
    'A port speaks one way: listeners of the other kind are refused, or get no connection.',
  ),
  LISTENER_AMBIGUOUS: warning(
    'two listeners for the same host',
    'Which of the two gets a request can change with every start.',
  ),
  NO_GATEWAY: error('nothing to attach to', 'agentgateway refuses what attaches to no gateway.'),
  UNKNOWN_GATEWAY: error('reference to no fitting gateway', 'agentgateway refuses the file.'),
  UNKNOWN_BACKEND: error(
    'reference to no backend',
    'agentgateway starts, and answers 500 to every request that should go there.',
  ),
  BACKEND_WITHOUT_SLASH: warning(
    'backend named without its slash',
    'agentgateway answers 500 to its requests; agw serve takes both spellings.',
  ),
  UNKNOWN_PROVIDER: error('reference to no provider', 'agentgateway refuses the file.'),
  UNKNOWN_MODEL: error('target that is no model', 'agentgateway refuses the file.'),
  CHECK_WITHOUT_TARGET: error(
    'check of clients that applies to nothing',
    'agentgateway drops it without a word, so everybody gets in; agw serve refuses to start with it.',
  ),
  POLICY_WITHOUT_TARGET: warning('policy that applies to nothing', 'It is kept and never used.'),
  DUPLICATE_NAME: error('name given twice', 'agentgateway refuses the file.'),
  NAME_REPLACED: warning(
    'name given twice, of which one is dropped',
    'agentgateway keeps one of the two without a word, and the other never gets a request.',
  ),
} as const satisfies CodeRows

/** Which route gets a request. */
export const ROUTES = {
  NOTHING_ANSWERS: warning(
    'nothing that answers',
    'The gateway starts, and no request that comes this way can succeed.',
  ),
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
  PREFIX_REWRITE: error(
    'rewrite of a prefix that did not match',
    'Only the prefix of a pathPrefix match can be replaced; other requests end in an error.',
  ),
} as const satisfies CodeRows

/** Which model gets a request. */
export const MODELS = {
  MODEL_SHADOWED: warning(
    'model that is never used',
    'Of models that take the same name the first one is used.',
  ),
  MODEL_PREFIX_KEPT: warning(
    'prefix that the provider does not know',
    'Nothing takes a prefix off by itself: the provider answers that there is no such model.',
  ),
  BASE_URL_OF_A_CALL: warning(
    'address of a call as base URL',
    'The path of the call is put behind the base URL, so the provider is asked for one that it does not have.',
  ),
  CLIENT_PATH_KEPT: note(
    'path of another format than the body',
    'With a host of its own and no path, agentgateway leaves the path as the client wrote it, also where it changes the format.',
  ),
  INTERNAL_MODEL_UNUSED: warning(
    'internal model out of reach',
    'Only virtual models reach it, and none does.',
  ),
} as const satisfies CodeRows
