import { AgwError } from '../../errors.ts'
import { at } from '../http.ts'
import { Secret } from '../secret.ts'
import type { Reference, SecretSource, SourceContext, SourceProblem } from '../source.ts'

/** As many parameters as one call takes. */
const MOST_PARAMETERS = 10

/** Secrets of AWS Secrets Manager, whole or one key of JSON. */
export const secretsManagerSource: SecretSource<'aws-secretsmanager'> = {
  kind: 'aws-secretsmanager',
  timeoutMs: 10_000,
  refreshMs: 5 * 60_000,
  describe: ({ id, field }) => `aws-secretsmanager ${id}${field === undefined ? '' : ` ${field}`}`,
  async resolve(references, context) {
    const sdk = await load(() => import('@aws-sdk/client-secrets-manager'), 'client-secrets-manager')
    const client = new sdk.SecretsManagerClient(await optionsOf(context))
    const reads = new Map<string, Promise<string | SourceProblem | undefined>>()
    const read = async ({ id, stage }: Reference<'aws-secretsmanager'>['where']) => {
      try {
        const command = new sdk.GetSecretValueCommand({ SecretId: id, ...(stage && { VersionStage: stage }) })
        const { SecretString, SecretBinary } = await client.send(command, abort(context))
        return SecretString ?? (SecretBinary && Buffer.from(SecretBinary).toString('utf8'))
      } catch (error) {
        return problemOf(error)
      }
    }
    const found = new Map<Reference<'aws-secretsmanager'>, Secret | SourceProblem>()
    await Promise.all(
      references.map(async reference => {
        const { id, stage, field } = reference.where
        const key = `${id} ${stage ?? ''}`
        const reading = reads.get(key) ?? read(reference.where)
        reads.set(key, reading)
        const value = await reading
        const outcome = typeof value === 'string' ? fieldOf(value, field) : value
        if (outcome !== undefined) found.set(reference, outcome)
      }),
    )
    client.destroy()
    return found
  },
}

/** Parameters of AWS Systems Manager, ten in one call, decrypted. */
export const parameterSource: SecretSource<'aws-ssm'> = {
  kind: 'aws-ssm',
  timeoutMs: 10_000,
  refreshMs: 5 * 60_000,
  describe: ({ name }) => `aws-ssm ${name}`,
  async resolve(references, context) {
    const sdk = await load(() => import('@aws-sdk/client-ssm'), 'client-ssm')
    const client = new sdk.SSMClient(await optionsOf(context))
    const names = [...new Set(references.map(({ where }) => where.name))]
    const values = new Map<string, Secret | SourceProblem>()
    for (let from = 0; from < names.length; from += MOST_PARAMETERS) {
      const batch = names.slice(from, from + MOST_PARAMETERS)
      try {
        const command = new sdk.GetParametersCommand({ Names: batch, WithDecryption: true })
        const { Parameters = [] } = await client.send(command, abort(context))
        for (const { Name, ARN, Value } of Parameters) {
          for (const name of [Name, ARN]) if (name && Value !== undefined) values.set(name, new Secret(Value))
        }
      } catch (error) {
        const problem = problemOf(error)
        if (problem !== undefined) for (const name of batch) values.set(name, problem)
      }
    }
    client.destroy()
    return new Map(
      references.flatMap(reference => {
        const value = values.get(reference.where.name)
        return value === undefined ? [] : [[reference, value] as const]
      }),
    )
  },
}

/** The SDKs are large, and most people do not need them: they are installed beside agw. */
async function load<T>(importer: () => Promise<T>, name: string): Promise<T> {
  try {
    return await importer()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error
    throw new AgwError('TOOL_MISSING', `the package @aws-sdk/${name} is not installed`, {
      hint: `install it beside agw: npm install @aws-sdk/${name} (with -g where agw is installed so)`,
    })
  }
}

/** Credentials come from where the SDK looks for them: environment, profile, container, instance. */
async function optionsOf({ env, connections }: SourceContext) {
  const { region = env['AWS_REGION'] ?? env['AWS_DEFAULT_REGION'], profile, endpoint } = connections.aws ?? {}
  return {
    ...(region && { region }),
    ...(profile && { profile }),
    ...(endpoint && { endpoint }),
    // A second try is made above, for every source alike.
    maxAttempts: 1,
  }
}

function abort({ signal }: SourceContext): { abortSignal?: AbortSignal } {
  return signal === undefined ? {} : { abortSignal: signal }
}

function fieldOf(value: string, field: string | undefined): Secret | SourceProblem | undefined {
  if (field === undefined) return new Secret(value)
  let json: unknown
  try {
    json = JSON.parse(value)
  } catch {
    return {
      code: 'malformed',
      message: 'the secret is not JSON, so it has no fields',
      hint: 'leave `field` out',
    }
  }
  const found = at(json, field)
  if (found === undefined || found === null) return undefined
  if (typeof found === 'string' || typeof found === 'number') return new Secret(String(found))
  return {
    code: 'malformed',
    message: 'the field is not text',
    hint: 'name a field that holds the key itself',
  }
}

/** Only the name of the SDK's error is used: its text repeats parts of the request. */
function problemOf(error: unknown): SourceProblem | undefined {
  const { name = '', code = '' } = error as NodeJS.ErrnoException
  if (name === 'ResourceNotFoundException' || name === 'ParameterNotFound') return undefined
  if (name === 'AbortError') {
    return {
      code: 'timeout',
      message: 'AWS did not answer in time',
      hint: 'look whether it can be reached from here',
    }
  }
  if (/Credentials|Token|Signature|AccessDenied|Unrecognized|InvalidClient|Unauthorized/i.test(name)) {
    return {
      code: 'denied',
      message: `AWS does not let this login read it (${name})`,
      hint: 'log in again (`aws sts get-caller-identity` shows as whom), or give the role the right to read it',
    }
  }
  if (/Region/.test(name) || /region/i.test(String((error as Error).message).slice(0, 40))) {
    return {
      code: 'not-configured',
      message: 'no region of AWS is set',
      hint: 'set AWS_REGION, or write sources: { aws: { region: … } } into agw.yaml',
    }
  }
  const passing = /Throttl|TooMany|Timeout|InternalS|ECONN|ENOTFOUND|EAI_AGAIN/.test(`${name} ${code}`)
  return {
    code: passing ? 'unreachable' : 'unreadable',
    message: `AWS did not give it (${code || name || 'no reason is given'})`,
    hint: 'look at it with the `aws` program, in the same environment',
    ...(passing && { passing }),
  }
}
