import { formatPath, type Path } from '../../config/diagnostic.ts'
import type { AuthorizationLocation, BackendAuth } from '../../config/schema.ts'
import { AgwError } from '../../errors.ts'
import { Secret } from '../../secrets/secret.ts'
import { authorizationHeader, type NamedPlace, namedPlace } from '../auth/named-place.ts'
import type { Key, QueryCredential } from '../destination.ts'
import type { HeaderEdit } from '../headers/headers.ts'
import { queryCredential } from '../llm/llm-path.ts'
import { invalid } from './invalid.ts'

/** What authenticating to a backend does to a request. Holds the secrets: keep it inside the compile step. */
export interface CompiledAuth {
  readonly edits: readonly HeaderEdit[]
  readonly query: readonly QueryCredential[]
  readonly key: Key | undefined
  /** Everything secret that the upstream is given. */
  readonly secrets: readonly Secret[]
  /** Where the token goes that a jwtAuth policy took out of the request. */
  readonly passthrough: NamedPlace | undefined
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
const BEARER = authorizationHeader('Bearer ')

/** `undefined` keeps what the client sends. */
export function compileAuth(auth: BackendAuth | undefined, path: Path): CompiledAuth {
  if (auth === undefined || auth === 'copilot') return NOTHING
  if (auth.key !== undefined) return withKey(auth, auth.key, path)
  const credentials = compileCredentials(auth.credentials ?? [], [...path, 'credentials'])
  if (auth.passthrough === undefined) return credentials
  const location = auth.passthrough.location ?? undefined
  const passthrough = namedPlace(location ?? BEARER)
  if (passthrough === undefined) {
    throw invalid(
      [...path, 'passthrough', 'location'],
      'an expression says where nothing can be put',
      'name a header, a cookie or a parameter',
    )
  }
  return merge({ ...NOTHING, passthrough, isPlaceExplicit: location !== undefined }, credentials)
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
  const written = location ?? BEARER
  const at = namedPlace(written)
  if (at === undefined) {
    throw invalid(
      path,
      'an expression can find a credential, not place one',
      'name a header, query parameter or cookie',
    )
  }
  const text = sendable(value, path)
  const key: Key = { slot: path, secret: value, place: at }
  const common = { ...NOTHING, key, secrets: [value], isPlaceExplicit: location !== undefined }
  if ('parameter' in at) return { ...common, query: [queryCredential(at.parameter, text)] }
  if ('cookie' in at) return { ...common, edits: [{ do: 'cookie', name: at.cookie, value: text }] }
  // The upstream sees the name as it is written.
  const name = written.header?.name ?? at.header
  return { ...common, edits: [{ do: 'set', name, value: at.prefix + text }] }
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
