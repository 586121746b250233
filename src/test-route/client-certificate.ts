import { resolve } from 'node:path'
import { createSecureContext } from 'node:tls'
import { AgwError } from '../errors.ts'
import type { Runtime } from '../gateway/index.ts'
import { readPlainFile, whyUnread } from '../plain-file.ts'
import { Secret } from '../secrets/secret.ts'

/** What a client shows a gateway that asks for it, as PEM. Both are secret: the file of the certificate may hold the key, too. */
export interface ClientCertificate {
  readonly cert: Secret
  readonly key: Secret
}

/** For a handshake. */
export function handshakeWith({ cert, key }: ClientCertificate): {
  readonly cert: string
  readonly key: string
} {
  return { cert: cert.reveal(), key: key.reveal() }
}

/** The files of a certificate; the key may stand in the same one. */
export interface CertificateFiles {
  readonly cert: string | undefined
  readonly key: string | undefined
}

/** Reads a client's certificate; undefined where none is given. Throws USAGE for what no client could show. */
export function readCertificate({ cert, key }: CertificateFiles, cwd: string): ClientCertificate | undefined {
  if (cert === undefined) return undefined
  const read = { cert: textOf(cert, '--cert', cwd), key: textOf(key ?? cert, '--cert-key', cwd) }
  try {
    createSecureContext(handshakeWith(read))
  } catch (error) {
    // OpenSSL's words name no content of the files.
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error'
    throw new AgwError('USAGE', `the certificate of --cert and its key cannot be used (${code})`, {
      hint: 'give both as PEM, the key without a passphrase, with --cert FILE and --cert-key FILE',
    })
  }
  return read
}

function textOf(file: string, flag: string, cwd: string): Secret {
  try {
    return new Secret(readPlainFile(resolve(cwd, file)).toString('latin1'), `${flag} ${file}`)
  } catch (error) {
    throw new AgwError('USAGE', `the file of ${flag} cannot be read: ${whyUnread(error)}`, {
      hint: 'name a file with PEM in it',
    })
  }
}

/** Throws USAGE where a port of the config would let nobody in without a certificate, and there is none. */
export function requireCertificate(
  bind: Runtime['binds'][number] | undefined,
  shown: ClientCertificate | undefined,
  onNote: (message: string) => void,
): void {
  const isAsked = bind?.tls?.rules.asksForCertificate === true
  if (isAsked && shown === undefined) {
    throw new AgwError('USAGE', `port ${bind.port} of the config asks its clients for a certificate`, {
      hint: 'give one with --cert FILE and --cert-key FILE, or look at the way alone with --explain',
    })
  }
  if (!isAsked && shown !== undefined)
    onNote(`the certificate is shown to nobody: port ${bind?.port} of the config asks for none`)
}
