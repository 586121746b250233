import type * as Sdk from '@aws-sdk/client-ssm'
import { AgwError } from '../../errors.ts'
import type { Secret } from '../secret.ts'
import { changedMeanwhile, type Reference, type SourceContext } from '../source.ts'
import { abort } from './aws-call.ts'

type Where = Reference<'aws-ssm'>['where']

/** The SDK, and a client of it. */
export interface ParameterStore {
  readonly sdk: typeof Sdk
  readonly client: Sdk.SSMClient
}

/** Sets a parameter, which is encrypted as it was, or as the account has it; false where nothing changes. */
export async function putParameter(
  store: ParameterStore,
  where: Where,
  value: Secret,
  context: SourceContext,
): Promise<boolean> {
  const { sdk, client } = store
  const before = await read(store, where, context)
  if (before?.Value === value.reveal()) return false
  if (before !== undefined && before.Type !== 'SecureString') throw inClear(where)
  // Without them the parameter would be encrypted anew with the account's usual key.
  const { KeyId, Tier } = (before && (await describe(store, where, context))) ?? {}
  const command = new sdk.PutParameterCommand({
    Name: where.name,
    Type: 'SecureString',
    Value: value.reveal(),
    ...(KeyId !== undefined && { KeyId }),
    ...(Tier !== undefined && { Tier }),
    Overwrite: before !== undefined,
  })
  await client.send(command, abort(context)).catch((error: Error) => {
    throw error.name === 'ParameterAlreadyExists' ? changedMeanwhile(`aws-ssm ${where.name}`) : error
  })
  return true
}

export async function dropParameter(
  { sdk, client }: ParameterStore,
  { name }: Where,
  context: SourceContext,
): Promise<boolean> {
  try {
    await client.send(new sdk.DeleteParameterCommand({ Name: name }), abort(context))
    return true
  } catch (error) {
    if ((error as Error).name === 'ParameterNotFound') return false
    throw error
  }
}

async function read({ sdk, client }: ParameterStore, { name }: Where, context: SourceContext) {
  const command = new sdk.GetParametersCommand({ Names: [name], WithDecryption: true })
  return (await client.send(command, abort(context))).Parameters?.[0]
}

async function describe({ sdk, client }: ParameterStore, { name }: Where, context: SourceContext) {
  const command = new sdk.DescribeParametersCommand({
    ParameterFilters: [{ Key: 'Name', Option: 'Equals', Values: [name] }],
  })
  return (await client.send(command, abort(context))).Parameters?.[0]
}

function inClear({ name }: Where): AgwError {
  return new AgwError('SLOT_NOT_WRITABLE', `aws-ssm ${name} is a parameter in clear text`, {
    hint: 'delete it there, then store the key again: agw makes a SecureString',
  })
}
