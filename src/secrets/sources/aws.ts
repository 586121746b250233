import { AgwError } from '../../errors.ts'
import { isSafe, noTls } from '../http.ts'
import { at, jsonOf } from '../json.ts'
import { Secret } from '../secret.ts'
import {
  problemError,
  type Reference,
  type SecretSource,
  type SourceContext,
  type StoreResult,
} from '../source.ts'
import type { SourceProblem } from '../source-problem.ts'
import { abort, limitAnswers, NEXT_TO_THE_CONNECTION } from './aws-call.ts'
import { dropParameter, type ParameterStore, putParameter } from './aws-parameter-write.ts'
import { problemOf } from './aws-problem.ts'
import { type Manager, NO_JSON, writeSecret } from './aws-secret-write.ts'
import { fieldOf, strangeAnswer, textOf } from './decode.ts'
import { pick, readPlaces } from './read-places.ts'

/** What is there; undefined where nothing is. */
type Found = Secret | SourceProblem | undefined

/** What is used of a parameter as the SDK has it; an address that is not of AWS may answer with anything. */
interface Parameter {
  readonly Name?: string | undefined
  readonly ARN?: string | undefined
  readonly Selector?: string | undefined
  readonly Type?: string | undefined
  readonly Value?: unknown
}

/** As many parameters as one call takes. */
const MOST_PARAMETERS = 10

/** Secrets of AWS Secrets Manager, whole or one key of JSON. */
export const secretsManagerSource: SecretSource<'aws-secretsmanager'> = {
  kind: 'aws-secretsmanager',
  timeoutMs: 10_000,
  refreshMs: 5 * 60_000,
  describe: ({ id, field }) => `aws-secretsmanager ${id}${field === undefined ? '' : ` ${field}`}`,
  async resolve(references, context) {
    const unsafe = withoutTls(context)
    if (unsafe !== undefined) return new Map(references.map(reference => [reference, unsafe]))
    const { sdk, client } = await openManager(context)
    const read = async ({ id, stage }: Reference<'aws-secretsmanager'>['where']): Promise<Found> => {
      try {
        const command = new sdk.GetSecretValueCommand({ SecretId: id, ...(stage && { VersionStage: stage }) })
        const { SecretString, SecretBinary } = await client.send(command, abort(context))
        if (typeof SecretString === 'string') return new Secret(SecretString)
        return SecretBinary instanceof Uint8Array ? textOf(SecretBinary) : strangeAnswer('AWS')
      } catch (error) {
        return problemOf(error)
      }
    }
    const secrets = await readPlaces(
      references,
      ({ where }) => [where.id, where.stage],
      ({ where }) => read(where),
    )
    client.destroy()
    return pick(secrets, (value, { where }) =>
      where.field === undefined ? value : keyOf(value, where.field),
    )
  },
  storedAt: ({ where: { id, field } }) => ({ whole: `aws-secretsmanager ${secretName(id)}`, part: field }),
  store: ({ where }, value, context) =>
    writeAws(context, openManager, it => writeSecret(it, where, value, context)),
  remove: ({ where }, context) =>
    writeAws(context, openManager, it => writeSecret(it, where, undefined, context)),
}

/** Parameters of AWS Systems Manager, ten in one call, decrypted. */
export const parameterSource: SecretSource<'aws-ssm'> = {
  kind: 'aws-ssm',
  timeoutMs: 10_000,
  refreshMs: 5 * 60_000,
  describe: ({ name }) => `aws-ssm ${name}`,
  async resolve(references, context) {
    const unsafe = withoutTls(context)
    if (unsafe !== undefined) return new Map(references.map(reference => [reference, unsafe]))
    const { sdk, client } = await openStore(context)
    const values = new Map<string, Secret | SourceProblem>()
    /** One name that is refused fails the call for all of them: then each is asked for apart. */
    const read = async (names: readonly string[]): Promise<void> => {
      try {
        const command = new sdk.GetParametersCommand({ Names: [...names], WithDecryption: true })
        const { Parameters = [] } = await client.send(command, abort(context))
        for (const parameter of Parameters)
          for (const name of namesOf(parameter)) values.set(name, secretOf(parameter))
      } catch (error) {
        const problem = problemOf(error)
        if (problem?.passing !== true && problem?.code !== 'timeout' && names.length > 1)
          await Promise.all(names.map(name => read([name])))
        else if (problem !== undefined) for (const name of names) values.set(name, problem)
      }
    }
    const names = [...new Set(references.map(({ where }) => where.name))]
    for (let from = 0; from < names.length; from += MOST_PARAMETERS)
      await read(names.slice(from, from + MOST_PARAMETERS))
    client.destroy()
    return new Map(
      references.flatMap(reference => {
        const value = values.get(reference.where.name)
        return value === undefined ? [] : [[reference, value] as const]
      }),
    )
  },
  storedAt: ({ where: { name } }) => ({ whole: `aws-ssm ${parameterName(name)}` }),
  store: ({ where }, value, context) =>
    writeAws(context, openStore, it => putParameter(it, where, value, context)),
  remove: ({ where }, context) => writeAws(context, openStore, it => dropParameter(it, where, context)),
}

/** An ARN ends in six signs that the name has not. */
function secretName(id: string): string {
  return /^arn:[^:]*:secretsmanager:[^:]*:[^:]*:secret:(.+?)(?:-\w{6})?$/.exec(id)?.[1] ?? id
}

/** Without version or label; an ARN has one slash before every name. */
function parameterName(name: string): string {
  const own = /^arn:[^:]*:ssm:[^:]*:[^:]*:parameter(\/.+)$/.exec(name)?.[1] ?? name
  return own.replace(/^\//, '').replace(/:.*$/, '')
}

/** As it can be asked for: by name or ARN, with the version or label (`:3`) where one was given. */
function namesOf({ Name, ARN, Selector = '' }: Parameter): string[] {
  return [Name, ARN].flatMap(name => (name ? [`${name}${Selector}`] : []))
}

function secretOf({ Type, Value }: Parameter): Secret | SourceProblem {
  if (typeof Value !== 'string') return strangeAnswer('AWS')
  if (Type !== 'StringList') return new Secret(Value)
  const hint = 'store the key as a SecureString of its own'
  return { code: 'malformed', message: 'the parameter is a list (StringList)', hint }
}

async function openManager(context: SourceContext): Promise<Manager> {
  const sdk = await load(() => import('@aws-sdk/client-secrets-manager'), 'client-secrets-manager')
  const client = new sdk.SecretsManagerClient(optionsOf(context))
  client.middlewareStack.add(limitAnswers, NEXT_TO_THE_CONNECTION)
  return { sdk, client }
}

async function openStore(context: SourceContext): Promise<ParameterStore> {
  const sdk = await load(() => import('@aws-sdk/client-ssm'), 'client-ssm')
  const client = new sdk.SSMClient(optionsOf(context))
  client.middlewareStack.add(limitAnswers, NEXT_TO_THE_CONNECTION)
  return { sdk, client }
}

/** Writes with a client of its own; what the SDK throws is told as for reading. */
async function writeAws<T extends { readonly client: { destroy(): void } }>(
  context: SourceContext,
  open: (context: SourceContext) => Promise<T>,
  action: (opened: T) => Promise<boolean>,
): Promise<StoreResult> {
  const unsafe = withoutTls(context)
  if (unsafe !== undefined) throw problemError(unsafe)
  const opened = await open(context)
  try {
    return { changed: await action(opened), files: [] }
  } catch (error) {
    if (error instanceof AgwError) throw error
    throw problemError(problemOf(error, 'write') ?? GONE)
  } finally {
    opened.client.destroy()
  }
}

const GONE: SourceProblem = {
  code: 'missing',
  message: 'AWS does not have it any more',
  hint: 'run the command again',
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

/** Where agw.yaml or the environment name an address of their own. */
function withoutTls({ env, connections }: SourceContext): SourceProblem | undefined {
  const named = [
    connections.aws?.endpoint,
    ...['', '_SECRETS_MANAGER', '_SSM'].map(service => env[`AWS_ENDPOINT_URL${service}`]),
  ]
  const unsafe = named.find(one => one !== undefined && URL.canParse(one) && !isSafe(new URL(one)))
  return unsafe === undefined ? undefined : noTls(new URL(unsafe))
}

/** Credentials come from where the SDK looks for them: environment, profile, container, instance. */
function optionsOf({ env, connections }: SourceContext) {
  const { region = env['AWS_REGION'] ?? env['AWS_DEFAULT_REGION'], profile, endpoint } = connections.aws ?? {}
  return {
    ...(region && { region }),
    ...(profile && { profile }),
    ...(endpoint && { endpoint }),
    // A second try is made above, for every source alike.
    maxAttempts: 1,
  }
}

function keyOf(value: Secret, field: string): Secret | SourceProblem | undefined {
  const json = jsonOf(value.reveal())
  return json === undefined ? NO_JSON : fieldOf(at(json, field))
}
