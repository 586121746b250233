import { resolve } from 'node:path'
import { AgwError } from '../../errors.ts'
import { suggested } from '../../suggested.ts'
import {
  decryptAge,
  encryptAge,
  isRecipient,
  MAX_ENCRYPTED_BYTES,
  recipientCount,
  recipientOf,
} from '../age.ts'
import {
  describeIdentity,
  type IdentityPlace,
  identityPlace,
  makeIdentity,
  readIdentities,
} from '../age-identity.ts'
import { parseDotenv, removeFromDotenv, setInDotenv } from '../dotenv.ts'
import { withLock } from '../lock.ts'
import { readBytesFile } from '../read.ts'
import { Secret } from '../secret.ts'
import {
  OTHER_STAYS,
  problemError,
  type Reference,
  type SecretSource,
  type SourceContext,
  type StoreResult,
} from '../source.ts'
import type { SourceProblem } from '../source-problem.ts'
import { storedInFile } from '../stored-at.ts'
import { watchFiles } from '../watch.ts'
import { removeEmptied, writeFileAtomic } from '../write.ts'
import { fileProblem } from './file-problem.ts'

/**
 * Variables in a file that is encrypted with age: NAME=value lines inside, so that `age -d` and a text editor can work
 * with it too. It may lie in a repository; the identity that opens it may not.
 */
export const encryptedSource: SecretSource<'encrypted'> = {
  kind: 'encrypted',
  timeoutMs: 30_000,
  describe: ({ file, name }) => (name === undefined ? `encrypted ${file}` : `encrypted ${file} ${name}`),
  storedAt: (reference, context) => storedInFile(pathOf(reference, context), nameOf(reference)),
  async resolve(references, context) {
    const found = new Map<Reference<'encrypted'>, Secret | SourceProblem>()
    const files = new Map<string, Promise<Opened | SourceProblem | undefined>>()
    for (const reference of references) {
      const path = pathOf(reference, context)
      const opening = files.get(path) ?? open(reference, context)
      files.set(path, opening)
      const opened = await opening
      if (opened === undefined) continue
      const value =
        'code' in opened ? opened : parseDotenv(opened.text.reveal()).values.get(nameOf(reference))
      if (value !== undefined) found.set(reference, typeof value === 'string' ? new Secret(value) : value)
    }
    return found
  },
  store: (reference, value, context) =>
    rewrite(reference, context, text => setInDotenv(text, nameOf(reference), value.reveal())),
  remove: (reference, context, only) =>
    rewrite(reference, context, text => removeFromDotenv(text, nameOf(reference)), only),
  watch: (references, changed, context) =>
    watchFiles(
      references.map(reference => pathOf(reference, context)),
      changed,
    ),
  async probe(context) {
    const place = identityPlace(context.connections.encrypted?.identity, context)
    const identities = await readIdentities(place, context)
    if ('code' in identities) return { ok: false, detail: identities.message, hint: identities.hint }
    return { ok: true, detail: `the identity is in ${describeIdentity(place)}` }
  },
}

/** A file as it was opened. */
interface Opened {
  readonly text: Secret
  readonly recipients: number | undefined
}

/** Undefined where there is no file. */
async function open(
  reference: Reference<'encrypted'>,
  context: SourceContext,
): Promise<Opened | SourceProblem | undefined> {
  const path = pathOf(reference, context)
  const read = await readBytesFile(path, MAX_ENCRYPTED_BYTES)
  if (!read.ok) return read.problem.code === 'missing' ? undefined : fileProblem(read.problem)
  const identities = await readIdentities(
    identityPlace(context.connections.encrypted?.identity, context),
    context,
  )
  if ('code' in identities) {
    if (identities.code !== 'not-configured') return identities
    const { file } = reference.where
    const hint = `bring back the identity that ${file} was encrypted for, or name its file in AGW_AGE_IDENTITY; without it, delete ${file} and store its keys anew: ${suggested('keys', 'set', reference.variable)}`
    return { ...identities, hint }
  }
  const content = await decryptAge(read.bytes, identities)
  if (!(content instanceof Uint8Array)) return content
  return { text: new Secret(Buffer.from(content).toString('utf8')), recipients: recipientCount(read.bytes) }
}

/** Opens, edits, encrypts, opens again what was encrypted, and only then replaces the file. */
async function rewrite(
  reference: Reference<'encrypted'>,
  context: SourceContext,
  edit: (text: string) => string,
  only?: Secret,
): Promise<StoreResult> {
  const path = pathOf(reference, context)
  return await withLock(path, async () => {
    const opened = await open(reference, context)
    if (opened !== undefined && 'code' in opened) throw problemError(opened)
    const before = opened?.text.reveal() ?? ''
    const there = only && parseDotenv(before).values.get(nameOf(reference))
    if (there !== undefined && only?.equals(new Secret(there)) === false) return OTHER_STAYS
    const after = edit(before)
    if (after === before) return { changed: false, files: [path] }
    const { recipients, identities, made } = await recipientsFor(context, opened === undefined)
    const { recipients: were = 0 } = opened ?? {}
    // Who they are stands nowhere else: a file that is removed must not be made anew for fewer.
    if (were > recipients.length) throw tooFew(reference.where.file, were, recipients.length)
    if (after.trim() === '' && (await removeEmptied(path)))
      return { changed: true, files: [path], isGone: true }
    const bytes = await encryptAge(Buffer.from(after, 'utf8'), recipients)
    await requireSealed(bytes, after, identities)
    await writeFileAtomic(path, Buffer.from(bytes), { mode: 0o600 })
    return {
      changed: true,
      files: [path],
      ...(made && { note: newIdentityNote(made, reference.where.file) }),
    }
  })
}

/** The own identity's recipient and those that agw.yaml names; an identity is made for the first file. */
async function recipientsFor(
  context: SourceContext,
  isFirst: boolean,
): Promise<{ recipients: string[]; identities: readonly Secret[]; made: IdentityPlace | undefined }> {
  const { identity, recipients: named = [] } = context.connections.encrypted ?? {}
  for (const recipient of named) {
    if (await isRecipient(recipient)) continue
    throw new AgwError(
      'CONFIG_INVALID',
      'agw.yaml names a recipient of encrypted files that is none of age',
      {
        hint: 'a recipient starts with age1; never write an identity (AGE-SECRET-KEY-1…) there',
      },
    )
  }
  const place = identityPlace(identity, context)
  const found = await readIdentities(place, context)
  if ('code' in found && !(isFirst && found.code === 'not-configured')) throw problemError(found)
  const made = 'code' in found ? place : undefined
  const identities = 'code' in found ? [await makeIdentity(place, context)] : found
  const own = await Promise.all(identities.map(recipientOf))
  return { recipients: [...new Set([...own, ...named])], identities, made }
}

function newIdentityNote(place: IdentityPlace, file: string): string {
  return `an age identity was made, in ${describeIdentity(place)}: without it nobody can open ${file}; keep a copy of it in a safe place`
}

/** What was encrypted opens again to the same text, and none of the values stands in it. */
async function requireSealed(bytes: Uint8Array, text: string, identities: readonly Secret[]): Promise<void> {
  const opened = await decryptAge(bytes, identities)
  const same = opened instanceof Uint8Array && Buffer.from(opened).toString('utf8') === text
  const raw = Buffer.from(bytes).toString('latin1')
  const bare = [...parseDotenv(text).values.values()].some(value => value.length >= 8 && raw.includes(value))
  if (same && !bare) return
  throw new AgwError('WRITE_FAILED', 'the encrypted file would not open again, so it was not written', {
    hint: 'the old file is as it was; please report this',
  })
}

function tooFew(file: string, were: number, named: number): AgwError {
  return new AgwError(
    'WRITE_FAILED',
    `${file} is encrypted for ${were} recipients, and agw knows ${named} of them: the others could not open what is written there`,
    { hint: 'list all of them in agw.yaml under sources.encrypted.recipients' },
  )
}

function nameOf({ variable, where }: Reference<'encrypted'>): string {
  return where.name ?? variable
}

function pathOf({ where }: Reference<'encrypted'>, { configDir }: Pick<SourceContext, 'configDir'>): string {
  return resolve(configDir, where.file)
}
