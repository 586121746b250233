import type { Secret } from './secret.ts'
import type { SourceProblem } from './source-problem.ts'

/** Not more is decrypted into memory. Bytes. */
export const MAX_ENCRYPTED_BYTES = 1024 * 1024

/** A header with a stanza for each of some hundred recipients. Each stanza costs time to try. Bytes. */
const MAX_HEADER_BYTES = 64 * 1024

const VERSION = 'age-encryption.org/v1'
const ARMOR = '-----BEGIN AGE ENCRYPTED FILE-----'

/** Decrypts a file of age, binary or armored, with the first identity that fits. Never throws on what the file is. */
export async function decryptAge(
  file: Uint8Array,
  identities: readonly Secret[],
): Promise<Uint8Array | SourceProblem> {
  const { armor, Decrypter } = await import('age-encryption')
  try {
    const decrypter = new Decrypter()
    for (const identity of identities) decrypter.addIdentity(identity.reveal())
    const text = Buffer.from(file.subarray(0, 200)).toString('latin1').trimStart()
    const bytes = text.startsWith(ARMOR) ? armor.decode(Buffer.from(file).toString('latin1').trim()) : file
    const head = headerOf(bytes)
    if (head === undefined && bytes.length > MAX_HEADER_BYTES) return headerTooLarge()
    // Never tried: its work factor is the choice of whoever wrote the file.
    if (head?.startsWith(`${VERSION}\n-> scrypt `)) return withPassphrase()
    return await decrypter.decrypt(bytes)
  } catch (error) {
    return problemOf(error)
  }
}

/** Encrypts for every recipient (`age1…`), as binary. Throws on a recipient that is none: check first. */
export async function encryptAge(content: Uint8Array, recipients: readonly string[]): Promise<Uint8Array> {
  const { Encrypter } = await import('age-encryption')
  const encrypter = new Encrypter()
  for (const recipient of recipients) encrypter.addRecipient(recipient)
  return await encrypter.encrypt(content)
}

/** The recipient (`age1…`) of an identity; public. */
export async function recipientOf(identity: Secret): Promise<string> {
  const { identityToRecipient } = await import('age-encryption')
  return await identityToRecipient(identity.reveal())
}

/** A new identity of the kind that every version of age reads. */
export async function newIdentity(): Promise<string> {
  const { generateX25519Identity } = await import('age-encryption')
  return await generateX25519Identity()
}

/** Whether a word is a recipient that `encryptAge` takes. */
export async function isRecipient(word: string): Promise<boolean> {
  const { Encrypter } = await import('age-encryption')
  try {
    new Encrypter().addRecipient(word)
    return true
  } catch {
    return false
  }
}

/** For how many recipients a binary file is encrypted; undefined where that cannot be told. */
export function recipientCount(file: Uint8Array): number | undefined {
  // Stanzas named -grease are there to be ignored.
  return headerOf(file)?.match(/^-> (?!\S*-grease)/gm)?.length
}

/** The header of a binary file up to its MAC; undefined where there is none, or not within what a header may have. */
function headerOf(file: Uint8Array): string | undefined {
  const text = Buffer.from(file.subarray(0, MAX_HEADER_BYTES)).toString('latin1')
  const end = text.indexOf('\n---')
  return text.startsWith(`${VERSION}\n`) && end !== -1 ? text.slice(0, end) : undefined
}

/** The lines of an identity file that are identities. */
export function identityLines(text: string): string[] {
  return text.split(/\r?\n/).filter(line => line.trim() !== '' && !line.startsWith('#'))
}

function withPassphrase(): SourceProblem {
  return {
    code: 'not-configured',
    message: 'it is encrypted with a passphrase',
    hint: 'encrypt it for a recipient instead: age -R recipients.txt',
  }
}

function headerTooLarge(): SourceProblem {
  return {
    code: 'malformed',
    message: `it is not a file of age, or its header is larger than ${MAX_HEADER_BYTES / 1024} KiB`,
    hint: 'encrypt it anew, for the recipients that need it',
  }
}

function problemOf(error: unknown): SourceProblem {
  const text = error instanceof Error ? error.message : ''
  if (/no identity matched/.test(text)) {
    return {
      code: 'denied',
      message: 'it is encrypted for others: no identity here opens it',
      hint: 'use the identity it was encrypted for (AGW_AGE_IDENTITY names its file), or have it encrypted for yours',
    }
  }
  if (/identity/.test(text)) {
    return {
      code: 'malformed',
      message: 'the identity is not one of age',
      hint: 'it must be AGE-SECRET-KEY-1… lines, as age-keygen writes them; SSH keys and plugins are not supported',
    }
  }
  if (/version|header$|stanza|armor|base64|footer|line length/.test(text)) {
    return {
      code: 'malformed',
      message: 'it is not a file of age',
      hint: 'is this the right file? `age -d` must be able to open it',
    }
  }
  return {
    code: 'malformed',
    message: 'it is damaged, or was changed after it was encrypted',
    hint: 'take an unharmed copy, from version control for example',
  }
}
