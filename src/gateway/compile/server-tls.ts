import type { Path } from '../../config/diagnostic.ts'
import type { ServerTls as WrittenTls } from '../../config/schema.ts'
import { type HandshakeRules, PortTls, ServerTls } from '../server/server-tls.ts'
import { invalid } from './invalid.ts'
import { groupsOf, suitesOf } from './tls-names.ts'
import { readPem } from './upstream.ts'

const VERSIONS = { TLS_V1_0: 'TLSv1', TLS_V1_1: 'TLSv1.1', TLS_V1_2: 'TLSv1.2', TLS_V1_3: 'TLSv1.3' } as const

/** `frontendPolicies.tls`. */
type Limits = {
  readonly min?: keyof typeof VERSIONS | null | undefined
  readonly max?: keyof typeof VERSIONS | null | undefined
  readonly cipherSuites?: readonly string[] | null | undefined
  readonly keyExchangeGroups?: readonly string[] | null | undefined
}

const LIMITS_PATH: Path = ['frontendPolicies', 'tls']

/** The certificate of a listener; `limits` is what `frontendPolicies.tls` says of versions. */
export function compileServerTls(
  tls: WrittenTls,
  path: Path,
  limits: Limits,
  readFile: (path: string) => string,
): ServerTls {
  const min = tls.minTLSVersion ?? tls.minTlsVersion ?? limits.min ?? 'TLS_V1_2'
  const max = tls.maxTLSVersion ?? tls.maxTlsVersion ?? limits.max ?? 'TLS_V1_3'
  const rules: HandshakeRules = {
    ...offered(tls, path, limits, { minVersion: VERSIONS[min], maxVersion: VERSIONS[max] }),
    asksForCertificate: (tls.root ?? undefined) !== undefined,
  }
  const cert = readPem(tls.cert, [...path, 'cert'], 'CERTIFICATE', readFile) ?? ''
  const key = readPem(tls.key, [...path, 'key'], 'PRIVATE KEY', readFile) ?? ''
  const ca = readPem(tls.root, [...path, 'root'], 'CERTIFICATE', readFile)
  try {
    return new ServerTls({ cert, key, ca }, rules)
  } catch (error) {
    // OpenSSL's words name no content of the files.
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error'
    throw invalid(
      path,
      `the certificate and its key cannot be used (${code})`,
      'check that the key belongs to the certificate',
    )
  }
}

/** Versions, suites and groups. The suites decide about versions too: TLS 1.3 has its own. */
function offered(
  tls: WrittenTls,
  path: Path,
  limits: Limits,
  { minVersion, maxVersion }: Pick<HandshakeRules, 'minVersion' | 'maxVersion'>,
): Omit<HandshakeRules, 'asksForCertificate'> {
  const placed = (key: 'cipherSuites' | 'keyExchangeGroups') =>
    tls[key] ? ([tls[key], [...path, key]] as const) : ([limits[key], [...LIMITS_PATH, key]] as const)
  const suites = suitesOf(...placed('cipherSuites'))
  const groups = groupsOf(...placed('keyExchangeGroups'))
  const rules = {
    minVersion: suites?.hasOld === false ? 'TLSv1.3' : minVersion,
    maxVersion: suites?.hasNew === false && maxVersion === 'TLSv1.3' ? 'TLSv1.2' : maxVersion,
    ...(suites !== undefined && { ciphers: suites.text }),
    ...(groups !== undefined && { ecdhCurve: groups }),
  } as const
  if (rules.minVersion > rules.maxVersion)
    throw invalid(
      placed('cipherSuites')[1],
      'none of these suites belongs to a TLS version that is taken',
      'name suites of TLS 1.3, such as TLS_AES_256_GCM_SHA384, or take TLS 1.2 as well',
    )
  return rules
}

/** Throws for certificates of a listener that cannot be used; those that no file holds are left out. */
export function judgeServerTls(tls: WrittenTls, path: Path, readFile: (path: string) => string): void {
  if (tls.mode !== 'dynamicCa' && !tls.spiffe) compileServerTls(tls, path, {}, readFile)
}

interface Part {
  readonly hostname: string | undefined
  readonly tls: ServerTls | undefined
  readonly path: Path
}

/** The certificates of a port; undefined when it is in the clear. A port is one or the other. */
export function compilePortTls(listeners: readonly Part[]): PortTls | undefined {
  const secure = listeners.flatMap(({ hostname, tls, path }) =>
    tls === undefined ? [] : [{ hostname, tls, path }],
  )
  const [first] = secure
  if (first === undefined) return undefined
  const plain = listeners.find(({ tls }) => tls === undefined)
  if (plain !== undefined) {
    throw invalid(
      plain.path,
      'a port speaks TLS or does not, and another listener of it does',
      'choose another port',
    )
  }
  const wanted = JSON.stringify(first.tls.rules)
  const other = secure.find(({ tls }) => JSON.stringify(tls.rules) !== wanted)
  if (other !== undefined) {
    throw invalid(
      other.path,
      'listeners of one port that differ in TLS versions, ciphers or client certificates are not run here',
      'make them the same, or choose another port',
    )
  }
  return new PortTls(secure, first.tls)
}
