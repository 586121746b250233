import type { Path } from '../../config/diagnostic.ts'
import type { Config, ServerTls as WrittenTls } from '../../config/schema.ts'
import { type HandshakeRules, PortTls, ServerTls } from '../server/server-tls.ts'
import { invalid } from './invalid.ts'
import { groupsOf, suitesOf } from './tls-names.ts'
import { readPem } from './upstream.ts'

const VERSIONS = { TLS_V1_2: 'TLSv1.2', TLS_V1_3: 'TLSv1.3' } as const

/** `frontendPolicies.tls`, which speaks for what a listener does not say itself. */
type Limits = NonNullable<NonNullable<Config['frontendPolicies']>['tls']>

const LIMITS_PATH: Path = ['frontendPolicies', 'tls']

/** The certificate of a listener, and what TLS is spoken with it; without `readFile` it has none that could be shown. */
export function compileServerTls(
  tls: WrittenTls,
  path: Path,
  limits: Limits,
  readFile: ((path: string) => string) | undefined,
): ServerTls {
  const rules = rulesOf(tls, path, limits)
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

/** Throws for TLS of a listener that cannot be spoken. What files hold is looked at only where they are read here. */
export function judgeServerTls(
  tls: WrittenTls,
  path: Path,
  limits: Limits,
  readFile: ((path: string) => string) | undefined,
): void {
  if (tls.spiffe) return
  if (readFile === undefined || tls.mode === 'dynamicCa') rulesOf(tls, path, limits)
  else compileServerTls(tls, path, limits, readFile)
}

/** Versions, suites and groups. The suites decide about versions too: TLS 1.3 has its own. */
function rulesOf(tls: WrittenTls, path: Path, limits: Limits): HandshakeRules {
  const placed = (key: 'cipherSuites' | 'keyExchangeGroups') =>
    tls[key] ? ([tls[key], [...path, key]] as const) : ([limits[key], [...LIMITS_PATH, key]] as const)
  const { min, max } = versionsOf(tls, path, limits)
  const [named, namedAt] = placed('cipherSuites')
  const suites = suitesOf(named)
  const groups = groupsOf(...placed('keyExchangeGroups'))
  const rules = {
    minVersion: suites?.hasOld === false ? 'TLSv1.3' : min,
    maxVersion: suites?.hasNew === false && max === 'TLSv1.3' ? 'TLSv1.2' : max,
    ...(suites !== undefined && { ciphers: suites.text }),
    ...(groups !== undefined && { ecdhCurve: groups }),
    asksForCertificate: (tls.root ?? undefined) !== undefined,
  } as const
  if (rules.minVersion > rules.maxVersion)
    throw invalid(
      namedAt,
      'none of these suites belongs to a TLS version that is taken',
      'name suites of TLS 1.3, such as TLS_AES_256_GCM_SHA384, or take TLS 1.2 as well',
    )
  return rules
}

function versionsOf(tls: WrittenTls, path: Path, limits: Limits) {
  const min = tls.minTLSVersion ?? tls.minTlsVersion ?? limits.minVersion ?? 'TLS_V1_2'
  const max = tls.maxTLSVersion ?? tls.maxTlsVersion ?? limits.maxVersion ?? 'TLS_V1_3'
  if (min > max) {
    const own = (['minTLSVersion', 'minTlsVersion', 'maxTLSVersion', 'maxTlsVersion'] as const).find(
      key => tls[key],
    )
    throw invalid(
      own === undefined ? [...LIMITS_PATH, limits.minVersion ? 'minVersion' : 'maxVersion'] : [...path, own],
      'the newest TLS version that is taken is older than the oldest',
      'let the oldest be TLS_V1_2, or the newest TLS_V1_3',
    )
  }
  return { min: VERSIONS[min], max: VERSIONS[max] }
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
