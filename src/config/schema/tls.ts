import { z } from 'zod'
import { nullish, optional } from './fields.ts'
import { text } from './primitives.ts'
import { placeText } from './secret-fields.ts'
import { atMostOne, isSet, present, rule, section } from './section.ts'

/** The published schema has two older ones, and agentgateway does not start with them. */
export const tlsVersion = z.enum(['TLS_V1_2', 'TLS_V1_3'])

/** Cipher suites by IANA's names, each with the other one that agentgateway knows it by; of TLS 1.2 that is OpenSSL's. */
export const CIPHER_SUITES = {
  TLS_AES_256_GCM_SHA384: 'TLS13_AES_256_GCM_SHA384',
  TLS_AES_128_GCM_SHA256: 'TLS13_AES_128_GCM_SHA256',
  TLS_CHACHA20_POLY1305_SHA256: 'TLS13_CHACHA20_POLY1305_SHA256',
  TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384: 'ECDHE-ECDSA-AES256-GCM-SHA384',
  TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256: 'ECDHE-ECDSA-AES128-GCM-SHA256',
  TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256: 'ECDHE-ECDSA-CHACHA20-POLY1305',
  TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384: 'ECDHE-RSA-AES256-GCM-SHA384',
  TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256: 'ECDHE-RSA-AES128-GCM-SHA256',
  TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256: 'ECDHE-RSA-CHACHA20-POLY1305',
} as const

export const cipherSuites = z.array(z.enum([...Object.keys(CIPHER_SUITES), ...Object.values(CIPHER_SUITES)]))

export const keyExchangeGroups = z.array(z.enum(['X25519', 'P-256', 'P-384', 'X25519_MLKEM768']))

const spiffe = section(
  { noun: 'the spiffe section', about: 'Takes the certificate from the SPIFFE workload API.' },
  {},
)

/** Keys that come from files when they do not come from SPIFFE. */
const FILES = ['cert', 'key', 'root']
const TUNING = [
  'cipherSuites',
  'minTLSVersion',
  'minTlsVersion',
  'maxTLSVersion',
  'maxTlsVersion',
  'keyExchangeGroups',
]

const serverIdentity = rule<{ spiffe?: unknown; mode?: unknown; root?: unknown }>((tls, report) => {
  if (isSet(tls.spiffe)) {
    const beside = [...present(tls, [...FILES, ...TUNING]), ...(tls.mode === 'dynamicCa' ? ['mode'] : [])]
    for (const key of beside) {
      report({
        code: 'KEY_CONFLICT',
        message: `"${key}" cannot stand beside "spiffe"`,
        hint: 'SPIFFE brings its own certificate and profile: remove one of the two',
        path: [key],
        at: 'key',
      })
    }
    return
  }
  for (const key of ['cert', 'key']) {
    if (present(tls, [key]).length > 0) continue
    report({
      code: 'MISSING_KEY',
      key,
      message: `"${key}" is missing: a TLS listener needs a certificate and its key`,
      hint: `add "${key}" with the path of a PEM file`,
    })
  }
  if (tls.mode === 'dynamicCa' && isSet(tls.root)) {
    report({
      code: 'KEY_CONFLICT',
      message: '"root" cannot stand beside "mode: dynamicCa"',
      hint: 'remove "root"',
      path: ['root'],
      at: 'key',
    })
  }
})

/** TLS towards clients. */
export const serverTls = section(
  {
    noun: 'the tls section',
    about: 'The certificate that clients are shown, and what TLS they must speak.',
    id: 'ServerTls',
  },
  {
    mode: optional(z.enum(['static', 'dynamicCa']), {
      description:
        'static: one certificate; dynamicCa: cert and key are a CA that signs certificates as they are needed.',
      default: 'static',
    }),
    cert: nullish(placeText, 'PEM file with the certificate chain.'),
    key: nullish(placeText, 'PEM file with the private key.'),
    root: nullish(placeText, 'PEM file with the CAs that client certificates must come from (mutual TLS).'),
    spiffe: nullish(spiffe),
    cipherSuites: nullish(cipherSuites, 'Cipher suites to offer, by their IANA names.'),
    minTLSVersion: nullish(tlsVersion, 'Oldest TLS version that is taken.'),
    minTlsVersion: nullish(tlsVersion, 'Another spelling of minTLSVersion.'),
    maxTLSVersion: nullish(tlsVersion, 'Newest TLS version that is taken.'),
    maxTlsVersion: nullish(tlsVersion, 'Another spelling of maxTLSVersion.'),
    keyExchangeGroups: nullish(keyExchangeGroups, 'Key exchange groups to offer, most wanted first.'),
  },
  atMostOne('the tls section', ['minTLSVersion', 'minTlsVersion']),
  atMostOne('the tls section', ['maxTLSVersion', 'maxTlsVersion']),
  serverIdentity,
)

/** TLS towards a backend; `{}` is TLS with the system's roots. */
export const backendTls = section(
  {
    noun: 'the backendTLS section',
    about: 'TLS towards the backend; {} trusts the roots of the system.',
    id: 'BackendTls',
  },
  {
    cert: nullish(placeText, 'PEM file with the certificate shown to the backend (mutual TLS).'),
    key: nullish(placeText, 'PEM file with the key of that certificate.'),
    root: nullish(placeText, 'PEM file with the CAs that are trusted instead of those of the system.'),
    hostname: nullish(text, 'Name that is asked for (SNI) and checked, instead of the host of the backend.'),
    insecure: optional(z.boolean(), { description: 'Trusts any certificate.', default: false }),
    insecureHost: optional(z.boolean(), {
      description: 'Trusts the certificate whatever its name.',
      default: false,
    }),
    alpn: nullish(z.array(text), 'Protocols to offer, as in h2 and http/1.1.'),
    subjectAltNames: nullish(z.array(text), 'Names of which the certificate must have one.'),
    keyExchangeGroups: nullish(keyExchangeGroups, 'Key exchange groups to offer, most wanted first.'),
    spiffe: nullish(spiffe),
  },
)

export type ServerTls = z.output<typeof serverTls>
export type BackendTls = z.output<typeof backendTls>
