import type * as Sdk from '@aws-sdk/client-secrets-manager'
import { jsonOf } from '../json.ts'
import type { Secret } from '../secret.ts'
import { pinned, problemError, type Reference, type SourceContext, type SourceProblem } from '../source.ts'

type Where = Reference<'aws-secretsmanager'>['where']

/** The SDK, and a client of it. */
export interface Manager {
  readonly sdk: typeof Sdk
  readonly client: Sdk.SecretsManagerClient
}

/** A secret that is deleted stays for weeks, and is of no use until it is restored. */
const DELETED = Symbol('deleted')

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
  const { sdk, client } = manager
  const { id, field, stage } = where
  if (stage !== undefined && stage !== 'AWSCURRENT') throw pinned(`aws-secretsmanager ${id}`, 'stage')
  const found = await read(manager, id, context)
  const before = found === DELETED ? undefined : found
  const after = field === undefined ? value?.reveal() : withField(before, field, value?.reveal())
  if (after === before) return false
  // Deleted as AWS does it unless told: it can be restored for thirty days.
  if (after === undefined) await client.send(new sdk.DeleteSecretCommand({ SecretId: id }), abort(context))
  else await put(manager, id, after, found === DELETED, context)
  return true
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
  isDeleted: boolean,
  context: SourceContext,
): Promise<void> {
  if (isDeleted) await client.send(new sdk.RestoreSecretCommand({ SecretId: id }), abort(context))
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

const NO_JSON: SourceProblem = {
  code: 'malformed',
  message: 'the secret is not JSON, so it has no fields',
  hint: 'leave `field` out',
}

const NO_TEXT: SourceProblem = {
  code: 'malformed',
  message: 'the secret holds bytes, which agw does not write',
  hint: 'name another secret',
}

function abort({ signal }: SourceContext): { abortSignal?: AbortSignal } {
  return signal === undefined ? {} : { abortSignal: signal }
}
