import { Flags } from '@oclif/core'
import { STYLES } from '../config/index.ts'
import { isModelPattern, MODEL_PATTERN } from '../config/schema/llm.ts'
import { looksSecret } from '../config/shown-word.ts'
import { AgwError } from '../errors.ts'
import { ONBOARDING, type Onboarding, SETTING_FLAGS } from '../providers/index.ts'
import { INIT_METHODS, type InitMethod, modelsOf, takesKey } from '../setup/new-config.ts'
import { asList, repeatable } from './flags.ts'
import { refuseKeys, refuseSystemVariable } from './key-args.ts'

/** The flags of `agw init`. */
export const initFlags = {
  provider: Flags.string({
    summary: 'The provider; repeat for several.',
    description: `One of ${ONBOARDING.map(({ id }) => id).join(', ')}.`,
    helpValue: 'NAME',
    ...repeatable,
    env: 'AGW_PROVIDER',
  }),
  model: Flags.string({
    summary: 'The model every request uses; repeat in the order of --provider.',
    helpValue: 'NAME',
    ...repeatable,
    env: 'AGW_MODEL',
  }),
  method: Flags.string({
    summary: 'How the key is handed over.',
    options: [...INIT_METHODS],
    env: 'AGW_METHOD',
  }),
  env: Flags.string({
    summary: 'The variable that holds the key; repeat in the order of --provider.',
    helpValue: 'NAME',
    ...repeatable,
    env: 'AGW_KEY_VARIABLE',
  }),
  'key-file': Flags.string({
    summary: 'The file that holds the key; repeat in the order of --provider.',
    helpValue: 'PATH',
    ...repeatable,
    env: 'AGW_KEY_FILE',
  }),
  'key-from-stdin': Flags.boolean({
    summary: 'Read the key from standard input; for several providers one a line, in their order.',
    exclusive: ['key-from-env'],
    env: 'AGW_KEY_FROM_STDIN',
  }),
  'key-from-env': Flags.string({
    summary: 'Take the key from a variable; repeat in the order of --provider.',
    helpValue: 'VAR',
    ...repeatable,
    env: 'AGW_KEY_FROM_ENV',
  }),
  header: Flags.string({
    summary: "The header of the client's own credential (passthrough).",
    helpValue: 'NAME',
    env: 'AGW_HEADER',
  }),
  'base-url': Flags.string({
    summary:
      'The address of an OpenAI-compatible host; without a path, its API is below /v1. Repeat for several.',
    helpValue: 'URL',
    ...repeatable,
    env: 'AGW_BASE_URL',
  }),
  'azure-resource': Flags.string({
    summary: 'The Azure resource: its name, or the address of its endpoint; repeat for several.',
    helpValue: 'NAME',
    ...repeatable,
    env: 'AGW_AZURE_RESOURCE',
  }),
  'azure-resource-type': Flags.string({
    summary: 'The kind of Azure resource.',
    options: ['openAI', 'foundry'],
    env: 'AGW_AZURE_RESOURCE_TYPE',
  }),
  'vertex-project': Flags.string({
    summary: 'The Google Cloud project of Vertex AI; repeat for several.',
    helpValue: 'NAME',
    ...repeatable,
    env: 'AGW_VERTEX_PROJECT',
  }),
  'vertex-region': Flags.string({
    summary: 'The region of Vertex AI; without it, the global endpoint. Repeat for several.',
    helpValue: 'NAME',
    ...repeatable,
    env: 'AGW_VERTEX_REGION',
  }),
  'aws-region': Flags.string({
    summary: 'The AWS region of Bedrock; repeat for several.',
    helpValue: 'NAME',
    ...repeatable,
    env: 'AGW_AWS_REGION',
  }),
  namespace: Flags.string({
    summary: 'The namespace of the Kubernetes objects.',
    helpValue: 'NAME',
    default: 'agentgateway-system',
    env: 'AGW_NAMESPACE',
  }),
  port: Flags.integer({
    summary: 'The port the gateway listens on; without it, 3000.',
    helpValue: 'PORT',
    min: 1,
    max: 65_535,
    env: 'AGW_PORT',
  }),
  style: Flags.string({
    summary:
      'Which form of config: llm (models), gateways (routes) or binds (the older one). Without it, llm.',
    options: [...STYLES],
    env: 'AGW_STYLE',
  }),
  file: Flags.string({
    char: 'f',
    summary: 'The config to write, or to add to.',
    helpValue: 'PATH',
    default: 'config.yaml',
    env: 'AGW_CONFIG',
  }),
  force: Flags.boolean({ summary: 'Replace a config that is there.', env: 'AGW_FORCE', exclusive: ['add'] }),
  add: Flags.boolean({
    summary: 'Add the provider to a config that is there: a model, or a route where it has no models.',
    env: 'AGW_ADD',
  }),
  at: Flags.string({
    summary: 'With --add, the listener that the route is for, where there are several.',
    helpValue: 'PLACE',
    dependsOn: ['add'],
    env: 'AGW_ADD_AT',
  }),
}

/** What the flags of `agw init` already answer. */
export interface WizardFlags {
  readonly provider?: readonly string[] | undefined
  readonly model?: readonly string[] | undefined
  readonly method?: string | undefined
  readonly env?: readonly string[] | undefined
  readonly 'key-file'?: readonly string[] | undefined
  readonly 'key-from-stdin'?: boolean | undefined
  readonly 'key-from-env'?: readonly string[] | undefined
  readonly 'base-url'?: readonly string[] | undefined
  readonly 'azure-resource'?: readonly string[] | undefined
  readonly 'azure-resource-type'?: string | undefined
  readonly 'vertex-project'?: readonly string[] | undefined
  readonly 'vertex-region'?: readonly string[] | undefined
  readonly 'aws-region'?: readonly string[] | undefined
  readonly header?: string | undefined
  readonly port?: number | undefined
  readonly style?: string | undefined
}

/** Names that end up in files are checked before anything is asked or written. */
export function checkInitNames(
  flags: WizardFlags & { readonly namespace: string; readonly file: string },
): void {
  const wrong = (flag: string, hint: string): AgwError =>
    new AgwError('USAGE', `${flag} has a value that does not fit`, { hint })
  for (const name of flags.env ?? []) {
    if (!/^[A-Za-z_]\w*$/.test(name) || looksSecret(name))
      throw wrong('--env', 'give the name of a variable, as in OPENAI_API_KEY')
    refuseSystemVariable(name)
  }
  for (const name of flags.model ?? []) {
    if (name.trim() === '') throw wrong('--model', 'give the name of a model, or leave it out')
    else if (!isModelPattern(name)) throw wrong('--model', MODEL_PATTERN.hint)
  }
  if (flags.file === '') throw wrong('--file', 'give a path')
  for (const path of flags['key-file'] ?? []) if (path.trim() === '') throw wrong('--key-file', 'give a path')
  refuseKeys(flags, ['key-file', 'model', 'header', ...SETTING_FLAGS, 'base-url', 'file'])
  if (!/^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/.test(flags.namespace)) {
    throw wrong('--namespace', 'give lower-case letters, digits and dashes')
  }
}

/** Of two entries for the same models the second would never be reached; which models a provider has must be known. */
function refuseSameModels(flags: WizardFlags, providers: readonly Onboarding[]): void {
  if (providers.length < 2) return
  const taken = new Map<string, Onboarding>()
  for (const [index, provider] of providers.entries()) {
    const models = provider.pattern ?? modelsOf(provider, flags.model?.[index], index)
    const before = taken.get(models)
    taken.set(models, provider)
    if (before === undefined) continue
    if (before.id === provider.id && provider.pattern !== undefined) {
      throw new AgwError(
        'USAGE',
        `${provider.id} is given twice: requests for ${models} would never reach the second`,
        {
          hint: 'give --provider once for each; clients choose among its models',
        },
      )
    }
    throw new AgwError('USAGE', `${before.id} and ${provider.id} both have the model ${models}`, {
      hint: 'give another --model to one of them',
    })
  }
}

/** A flag that would have no effect is a mistake, and so is one that is given more often than there is a use for it. */
export function checkInitFlags(
  flags: WizardFlags,
  providers: readonly Onboarding[],
  method: InitMethod,
): void {
  for (const [flag, methods] of Object.entries(METHODS_OF)) {
    if ((flags[flag as keyof typeof METHODS_OF]?.length ?? 0) === 0 || methods.includes(method)) continue
    throw new AgwError('USAGE', `--${flag} has no use with --method ${method}`, {
      hint: `leave it out, or choose --method ${methods.join(' or ')}`,
    })
  }
  const isGivenKey = flags['key-from-stdin'] === true || (flags['key-from-env']?.length ?? 0) > 0
  if (!takesKey(method) && isGivenKey) {
    throw new AgwError('USAGE', `with --method ${method} the gateway has no key to store`, {
      hint: 'leave --key-from-stdin and --key-from-env out',
    })
  }
  refuseSameModels(flags, providers)
  const count = (id: string): number => providers.filter(one => one.id === id).length
  const all = providers.length
  const places = {
    model: all,
    env: all,
    'key-file': all,
    'key-from-env': all,
    'base-url': all === 1 ? 1 : count('openai-compatible'),
    'azure-resource': count('azure'),
    'vertex-project': count('vertex'),
    'vertex-region': count('vertex'),
    'aws-region': count('bedrock'),
  }
  for (const [flag, most] of Object.entries(places)) {
    const given = flags[flag as keyof typeof places]?.length ?? 0
    if (given <= most) continue
    const uses =
      most === 0 ? 'has no use with these providers' : `is given ${given} times, with a use for ${most}`
    throw new AgwError('USAGE', `--${flag} ${uses}`, {
      hint:
        most === 0 ? 'leave it out' : 'give it once for each --provider that it is for, in the same order',
    })
  }
}

const METHODS_OF: Readonly<Record<'env' | 'key-file' | 'header', readonly string[]>> = {
  env: ['env', 'keychain', 'encrypted', 'kubernetes'],
  'key-file': ['file'],
  header: ['passthrough'],
}

/** The repeatable flags as lists, however they came in. */
export function initLists(flags: Readonly<Record<string, unknown>>): Pick<WizardFlags, Repeatable> {
  const list = (name: Repeatable): readonly string[] => asList(flags[name] as readonly string[] | undefined)
  const provider = list('provider')
  return {
    ...(provider.length > 0 && { provider }),
    model: list('model'),
    env: list('env'),
    'key-file': list('key-file'),
    'key-from-env': list('key-from-env'),
    'base-url': list('base-url'),
    'azure-resource': list('azure-resource'),
    'vertex-project': list('vertex-project'),
    'vertex-region': list('vertex-region'),
    'aws-region': list('aws-region'),
  }
}

type Repeatable =
  | 'provider'
  | 'model'
  | 'env'
  | 'key-file'
  | 'key-from-env'
  | 'base-url'
  | (typeof SETTING_FLAGS)[number]
