import { homedir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import type { Identity } from '../config/agw/connections.ts'
import { identityLines, newIdentity } from './age.ts'
import { makeFolder } from './make-folder.ts'
import { readSecretFile } from './read.ts'
import { Secret } from './secret.ts'
import type { SourceContext } from './source.ts'
import type { SourceProblem } from './source-problem.ts'
import { storeInFile } from './sources/file.ts'
import { fileProblem } from './sources/file-problem.ts'
import { keychainSource } from './sources/keychain.ts'

/** Where identities lie: a file, or an entry of the keychain under the service agw. */
export type IdentityPlace = { readonly file: string } | { readonly keychain: string }

/** AGW_AGE_IDENTITY (a file) wins, then what agw.yaml says, then the file in the user's configuration folder. */
export function identityPlace(
  identity: Identity | undefined,
  { env, configDir }: Pick<SourceContext, 'env' | 'configDir'>,
): IdentityPlace {
  const named = env['AGW_AGE_IDENTITY']
  if (named) return { file: resolve(configDir, named) }
  if (identity?.file !== undefined) return { file: resolve(configDir, identity.file) }
  if (identity?.keychain !== undefined) return { keychain: identity.keychain }
  const base = env['XDG_CONFIG_HOME'] || join(env['HOME'] ?? homedir(), '.config')
  return { file: join(base, 'agw', 'age-identity.txt') }
}

/** The identities at a place; a problem where there is none. */
export async function readIdentities(
  place: IdentityPlace,
  context: SourceContext,
): Promise<readonly Secret[] | SourceProblem> {
  const text = 'file' in place ? await fromFile(place.file) : await fromKeychain(place.keychain, context)
  if (!(text instanceof Secret)) return text
  const lines = identityLines(text.reveal())
  if (lines.length > 0) return lines.map(line => new Secret(line.trim(), 'age identity'))
  return noIdentity(place)
}

/** Makes an identity at a place where there is none, with mode 0600. Throws an AgwError. */
export async function makeIdentity(place: IdentityPlace, context: SourceContext): Promise<Secret> {
  const identity = new Secret(await newIdentity(), 'age identity')
  if ('file' in place) {
    await makeFolder(dirname(place.file))
    await storeInFile(place.file, identity)
  } else {
    await keychainSource.store?.(keychainReference(place.keychain), identity, context)
  }
  return identity
}

/** As in `the file /home/me/.config/agw/age-identity.txt`. */
export function describeIdentity(place: IdentityPlace): string {
  return 'file' in place ? `the file ${place.file}` : `the keychain entry agw/${place.keychain}`
}

async function fromFile(file: string): Promise<Secret | SourceProblem> {
  const read = await readSecretFile(file)
  if (read.ok) return read.secret
  return read.problem.code === 'missing' ? noIdentity({ file }) : fileProblem(read.problem)
}

async function fromKeychain(account: string, context: SourceContext): Promise<Secret | SourceProblem> {
  const reference = keychainReference(account)
  const found = await keychainSource.resolve([reference], context)
  return found.get(reference) ?? noIdentity({ keychain: account })
}

function keychainReference(account: string) {
  return { variable: '', kind: 'keychain', where: { service: 'agw', account } } as const
}

function noIdentity(place: IdentityPlace): SourceProblem {
  return {
    code: 'not-configured',
    message: `there is no age identity in ${describeIdentity(place)}`,
    hint: 'name the file that has it in AGW_AGE_IDENTITY; where nothing is encrypted yet, the first key that is stored makes one',
  }
}
