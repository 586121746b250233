import { formatPath, type Path } from '../../config/diagnostic.ts'
import type { AuthorizationLocation, BackendAuth } from '../../config/schema.ts'
import { AgwError } from '../../errors.ts'
import { Secret } from '../../secrets/secret.ts'
import type { Key, QueryCredential, TokenPlace } from '../destination.ts'
import type { HeaderEdit } from '../headers/headers.ts'
import { invalid } from './invalid.ts'

/** What authenticating to a backend does to a request. Holds the secrets: keep it inside the compile step. */
export interface CompiledAuth {
  readonly edits: readonly HeaderEdit[]
  readonly query: readonly QueryCredential[]
  readonly key: Key | undefined
  /** Everything secret that the upstream is given. */
  readonly secrets: readonly Secret[]
  /** Where the token goes that a jwtAuth policy took out of the request. */
  readonly passthrough: TokenPlace | undefined
  /** The config says where the credential goes, so that no provider moves it. */
  readonly isPlaceExplicit: boolean
}

const NOTHING: CompiledAuth = {
  edits: [],
  query: [],
  key: undefined,
  secrets: [],
  passthrough: undefined,
  isPlaceExplicit: false,
}
const BEARER: AuthorizationLocation = { header: { name: 'authorization', prefix: 'Bearer ' } }

/** `undefined` keeps what the client sends. */
export function compileAuth(auth: BackendAuth | undefined, path: Path): CompiledAuth {
  if (auth === undefined || auth === 'copilot') return NOTHING
  if (auth.key !== undefined) return withKey(auth, auth.key, path)
  const credentials = compileCredentials(auth.credentials ?? [], [...path, 'credentials'])
  if (auth.passthrough === undefined) return credentials
  const location = auth.passthrough.location ?? undefined
  const passthrough = tokenPlace(location ?? BEARER, [...path, 'passthrough', 'location'])
  return merge({ ...NOTHING, passthrough, isPlaceExplicit: location !== undefined }, credentials)
}

function tokenPlace({ header, cookie, queryParameter }: AuthorizationLocation, path: Path): TokenPlace {
  if (header !== undefined) return { header: header.name.toLowerCase(), prefix: header.prefix ?? '' }
  if (cookie !== undefined) return { cookie: cookie.name }
  if (queryParameter !== undefined) return { parameter: queryParameter.name }
  throw invalid(path, 'an expression says where nothing can be put', 'name a header, a cookie or a parameter')
}

/** `params.apiKey`: a key at the usual place. */
export function compileApiKey(value: unknown, path: Path): CompiledAuth {
  return place(value, undefined, path)
}

function withKey(
  auth: Exclude<BackendAuth, 'copilot'>,
  key: NonNullable<typeof auth.key>,
  path: Path,
): CompiledAuth {
  const slot = [...path, 'key']
  // agentgateway reads a bare key first and drops whatever stands beside it.
  if (key instanceof Secret || 'file' in key) return place(key, undefined, slot)
  const main = place(key.value, key.location ?? undefined, [...slot, 'value'])
  return merge(main, compileCredentials(auth.credentials ?? [], [...path, 'credentials']))
}

type Credentials = NonNullable<Exclude<BackendAuth, 'copilot'>['credentials']>

function compileCredentials(credentials: Credentials, path: Path): CompiledAuth {
  let all = NOTHING
  for (const [index, { key, location }] of credentials.entries()) {
    const one = place(key, location, [...path, index, 'key'])
    // A further secret says where the token goes only if it is the token.
    const isPlaceExplicit = location.header?.name.toLowerCase() === 'authorization'
    all = merge(all, { ...one, isPlaceExplicit })
  }
  return all
}

function merge(first: CompiledAuth, second: CompiledAuth): CompiledAuth {
  return {
    edits: [...first.edits, ...second.edits],
    query: [...first.query, ...second.query],
    key: first.key ?? second.key,
    secrets: [...first.secrets, ...second.secrets],
    passthrough: first.passthrough ?? second.passthrough,
    isPlaceExplicit: first.isPlaceExplicit || second.isPlaceExplicit,
  }
}

function place(value: unknown, location: AuthorizationLocation | undefined, path: Path): CompiledAuth {
  if (!(value instanceof Secret)) {
    throw new AgwError('BUG', `${formatPath(path)}: the key was not resolved before the config was compiled`)
  }
  const key = (kind: Key['place']['kind'], name: string): Key => ({
    slot: path,
    secret: value,
    place: { kind, name },
  })
  const rest = { secrets: [value], isPlaceExplicit: location !== undefined }
  const { header, queryParameter, cookie } = location ?? BEARER
  const text = sendable(value, path)
  if (header !== undefined) {
    const edit: HeaderEdit = { do: 'set', name: header.name, value: (header.prefix ?? '') + text }
    return { ...NOTHING, edits: [edit], query: [], key: key('header', header.name), ...rest }
  }
  if (cookie !== undefined) {
    const edit: HeaderEdit = { do: 'cookie', name: cookie.name, value: text }
    return { ...NOTHING, edits: [edit], query: [], key: key('cookie', cookie.name), ...rest }
  }
  if (queryParameter !== undefined) {
    const { name } = queryParameter
    const pair = `${encodeURIComponent(name)}=${encodeURIComponent(text)}`
    return { ...NOTHING, edits: [], query: [{ name, pair: () => pair }], key: key('query', name), ...rest }
  }
  throw invalid(
    path,
    'an expression can find a credential, not place one',
    'name a header, query parameter or cookie',
  )
}

/** The secret's text; one that no header can carry is refused now rather than with every request. */
function sendable(secret: Secret, path: Path): string {
  const text = secret.reveal().trim()
  if (!/[^\t\x20-\x7e\x80-\xff]/.test(text)) return text
  throw new AgwError(
    'SECRET_REJECTED',
    `${formatPath(path)}: the key holds a character that no header can carry`,
    {
      hint: 'store it again: a line break in the middle is the usual cause',
    },
  )
}
