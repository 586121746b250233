import type * as Sdk from '@aws-sdk/client-secrets-manager'
import { AgwError } from '../../errors.ts'
import { jsonOf } from '../json.ts'
import type { Secret } from '../secret.ts'
import { changedMeanwhile, pinned, problemError, type Reference, type SourceContext } from '../source.ts'
import type { SourceProblem } from '../source-problem.ts'
import { abort } from './aws-call.ts'
import { problemOf } from './aws-problem.ts'

type Where = Reference<'aws-secretsmanager'>['where']

/** The SDK, and a client of it. */
export interface Manager {
  readonly sdk: typeof Sdk
  readonly client: Sdk.SecretsManagerClient
}

/** A secret that is deleted stays for weeks, and is of no use until it is restored. */
const DELETED = Symbol('deleted')
/** How long taking back what could not be finished may take. Milliseconds. */
const UNDO_MS = 5000

/**
 * Sets a secret or one key of its JSON, or takes it away (`undefined`); false where nothing changes. AWS has no write that
 * heeds the version it was based on: of two people who change two keys of one secret at the same moment, one loses.
 */
export async function writeSecret(
  manager: Manager,
  where: Where,
  value: Secret | undefined,
  context: SourceContext,
): Promise<boolean> {
  const { id, field, stage } = where
  if (stage !== undefined && stage !== 'AWSCURRENT') throw pinned(`aws-secretsmanager ${id}`, 'stage')
  const found = await read(manager, id, context)
  if (found === DELETED) return value !== undefined && (await revive(manager, where, value, context))
  const after = field === undefined ? value?.reveal() : withField(found, field, value?.reveal())
  if (after === found) return false
  if (after !== undefined) {
    await put(manager, id, after, context)
    return true
  }
  // What was taken away must not come back with the secret when it is restored.
  if (field !== undefined) await put(manager, id, '{}', context)
  await drop(manager, id, context)
  return true
}

/** Sets a secret that is deleted: it is restored, with its other fields where one of them is set. */
async function revive(
  manager: Manager,
  { id, field }: Where,
  value: Secret,
  context: SourceContext,
): Promise<true> {
  try {
    await restore(manager, id, context)
    const text = await read(manager, id, context)
    if (typeof text !== 'string') throw changedMeanwhile(`aws-secretsmanager ${id}`)
    const after = field === undefined ? value.reveal() : withField(text, field, value.reveal())
    if (after !== undefined && after !== text) await put(manager, id, after, context)
    return true
  } catch (error) {
    if (error instanceof NotRestored) throw error.cause
    // What has failed may be that the time of the source is up: the way back has a time of its own.
    const signal = AbortSignal.timeout(UNDO_MS)
    const undone = await drop(manager, id, { ...context, signal }).then(() => true, isDeleted)
    if (undone) throw error
    throw leftRestored(id, error)
  }
}

/** Nothing was changed. */
class NotRestored extends Error {}

/** A refusal has changed nothing; where no answer came, the secret may be restored. */
async function restore({ sdk, client }: Manager, id: string, context: SourceContext): Promise<void> {
  try {
    await client.send(new sdk.RestoreSecretCommand({ SecretId: id }), abort(context))
  } catch (error) {
    const { $fault } = error as { $fault?: string }
    throw $fault === 'client' ? new NotRestored('refused', { cause: error }) : error
  }
}

/** Whether a secret that could not be deleted is so already. */
function isDeleted(error: unknown): boolean {
  return ['InvalidRequestException', 'ResourceNotFoundException'].includes((error as Error).name)
}

function leftRestored(id: string, error: unknown): AgwError {
  const why = error instanceof AgwError ? error.message : problemOf(error, 'write')?.message
  return new AgwError(
    'WRITE_FAILED',
    `${why ?? 'AWS does not have it any more'}, and aws-secretsmanager ${id}, which was deleted and restored for this, could not be deleted again: its old key may be readable`,
    {
      hint: `delete it with \`aws secretsmanager delete-secret --secret-id ${id}\`, or run the command again`,
    },
  )
}

/** As AWS does it unless told: it can be restored for thirty days. */
async function drop({ sdk, client }: Manager, id: string, context: SourceContext): Promise<void> {
  await client.send(new sdk.DeleteSecretCommand({ SecretId: id }), abort(context))
}

/** The whole text of a secret; undefined where there is none. */
async function read(
  { sdk, client }: Manager,
  id: string,
  context: SourceContext,
): Promise<string | typeof DELETED | undefined> {
  try {
    const got = await client.send(new sdk.GetSecretValueCommand({ SecretId: id }), abort(context))
    if (typeof got.SecretString === 'string') return got.SecretString
    throw problemError(NO_TEXT)
  } catch (error) {
    const { name } = error as Error
    if (name === 'ResourceNotFoundException') return undefined
    // The name of the error says no more than that the secret is in no state to be read.
    if (name !== 'InvalidRequestException') throw error
    const command = new sdk.DescribeSecretCommand({ SecretId: id })
    const described = await client.send(command, abort(context)).catch(() => undefined)
    if (described?.DeletedDate === undefined) throw error
    return DELETED
  }
}

async function put(
  { sdk, client }: Manager,
  id: string,
  text: string,
  context: SourceContext,
): Promise<void> {
  try {
    await client.send(new sdk.PutSecretValueCommand({ SecretId: id, SecretString: text }), abort(context))
  } catch (error) {
    if ((error as Error).name !== 'ResourceNotFoundException') throw error
    await client.send(new sdk.CreateSecretCommand({ Name: id, SecretString: text }), abort(context))
  }
}

/** The JSON text with one key set or left out; undefined where nothing is left of it. */
function withField(text: string | undefined, field: string, value: string | undefined): string | undefined {
  const json = text === undefined ? {} : jsonOf(text)
  if (typeof json !== 'object' || json === null || Array.isArray(json)) throw problemError(NO_JSON)
  const { [field]: old, ...others } = json as Record<string, unknown>
  if (old === value) return text
  const data = value === undefined ? others : { ...json, [field]: value }
  return Object.keys(data).length === 0 ? undefined : JSON.stringify(data)
}

/** What is said of a secret of which a field is named. */
export const NO_JSON: SourceProblem = {
  code: 'malformed',
  message: 'the secret is not JSON, so it has no fields',
  hint: 'leave `field` out',
}

const NO_TEXT: SourceProblem = {
  code: 'malformed',
  message: 'the secret holds bytes, which agw does not write',
  hint: 'name another secret',
}
