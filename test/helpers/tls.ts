import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { isIP } from 'node:net'

/** PEM texts: the CA to trust, the leaf certificate it signed, the leaf's private key. */
export interface Certificate {
  readonly ca: string
  readonly cert: string
  readonly key: string
}

/** A throw-away CA and a certificate, for a server or a client, for host names, URIs and IP addresses, P-256, good for 30 days. */
export function makeCertificate(names: string[]): Certificate {
  const authority = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const leaf = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const issuer = { name: 'agw test CA', key: authority.privateKey, keyId: keyIdOf(authority.publicKey) }
  const ca = certificate(issuer, issuer.name, authority.publicKey, [
    extension('2.5.29.19', true, sequence(tlv(0x01, 0xff))), // basicConstraints: CA
    extension('2.5.29.15', true, tlv(0x03, 0x01, 0x06)), // keyUsage: keyCertSign, cRLSign
    extension('2.5.29.14', false, tlv(0x04, issuer.keyId)), // subjectKeyIdentifier
  ])
  const cert = certificate(issuer, names[0] ?? 'localhost', leaf.publicKey, [
    extension('2.5.29.19', true, sequence()),
    extension('2.5.29.15', true, tlv(0x03, 0x07, 0x80)), // keyUsage: digitalSignature
    extension('2.5.29.37', false, sequence(oid('1.3.6.1.5.5.7.3.1'), oid('1.3.6.1.5.5.7.3.2'))), // serverAuth, clientAuth
    extension('2.5.29.17', false, sequence(...names.map(alternativeName))),
    extension('2.5.29.14', false, tlv(0x04, keyIdOf(leaf.publicKey))),
    extension('2.5.29.35', false, sequence(tlv(0x80, issuer.keyId))), // authorityKeyIdentifier
  ])
  return { ca, cert, key: leaf.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() }
}

interface Issuer {
  readonly name: string
  readonly key: KeyObject
  readonly keyId: Buffer
}

/** RFC 5280, section 4.1: the fields in order, then the signature over them. */
function certificate(issuer: Issuer, subject: string, key: KeyObject, extensions: Buffer[]): string {
  const day = 24 * 60 * 60 * 1000
  const algorithm = sequence(oid('1.2.840.10045.4.3.2')) // ecdsa-with-SHA256
  const serial = createHash('sha256').update(keyIdOf(key)).digest().subarray(0, 15)
  const toBeSigned = sequence(
    tlv(0xa0, tlv(0x02, 2)), // version 3
    tlv(0x02, 0x01, serial), // a leading 01, so that the number is positive
    algorithm,
    nameOf(issuer.name),
    sequence(time(Date.now() - day), time(Date.now() + 30 * day)),
    nameOf(subject),
    key.export({ type: 'spki', format: 'der' }),
    tlv(0xa3, sequence(...extensions)),
  )
  const signature = sign('sha256', toBeSigned, issuer.key)
  const der = sequence(toBeSigned, algorithm, tlv(0x03, 0x00, signature))
  const lines = der.toString('base64').match(/.{1,64}/g) ?? []
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`
}

/** One DER value: tag, length, content. Numbers are single bytes. */
function tlv(tag: number, ...content: (Buffer | number)[]): Buffer {
  const body = Buffer.concat(content.map(part => (typeof part === 'number' ? Buffer.of(part) : part)))
  if (body.length < 0x80) return Buffer.concat([Buffer.of(tag, body.length), body])
  if (body.length < 0x100) return Buffer.concat([Buffer.of(tag, 0x81, body.length), body])
  return Buffer.concat([Buffer.of(tag, 0x82, body.length >> 8, body.length & 0xff), body])
}

function sequence(...content: Buffer[]): Buffer {
  return tlv(0x30, ...content)
}

/** An object identifier: the first two numbers in one, each in base 128. */
function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number)
  const bytes = [first * 40 + second, ...rest].flatMap(number => {
    const digits = [number & 0x7f]
    for (let left = number >> 7; left > 0; left >>= 7) digits.unshift((left & 0x7f) | 0x80)
    return digits
  })
  return tlv(0x06, ...bytes)
}

function extension(id: string, critical: boolean, value: Buffer): Buffer {
  return sequence(oid(id), ...(critical ? [tlv(0x01, 0xff)] : []), tlv(0x04, value))
}

function nameOf(commonName: string): Buffer {
  return sequence(tlv(0x31, sequence(oid('2.5.4.3'), tlv(0x0c, Buffer.from(commonName)))))
}

/** UTCTime, which RFC 5280 wants until 2049. */
function time(ms: number): Buffer {
  const digits = new Date(ms).toISOString().replace(/\.\d+Z$|\D/g, '')
  return tlv(0x17, Buffer.from(`${digits.slice(2)}Z`))
}

function alternativeName(name: string): Buffer {
  if (isIP(name) === 4) return tlv(0x87, ...name.split('.').map(Number))
  if (isIP(name) === 6) return tlv(0x87, ipv6(name))
  if (name.includes('://')) return tlv(0x86, Buffer.from(name))
  return tlv(0x82, Buffer.from(name))
}

function ipv6(address: string): Buffer {
  const [head = '', tail] = address.split('::')
  const before = head.split(':').filter(Boolean)
  const after = (tail ?? '').split(':').filter(Boolean)
  const groups = [...before, ...Array<string>(8 - before.length - after.length).fill('0'), ...after]
  return Buffer.from(groups.map(group => group.padStart(4, '0')).join(''), 'hex')
}

function keyIdOf(key: KeyObject): Buffer {
  return createHash('sha1')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest()
}
