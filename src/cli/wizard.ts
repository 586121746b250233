import { closest } from '../config/did-you-mean.ts'
import { STYLES, type Style } from '../config/index.ts'
import { looksSecret } from '../config/shown-word.ts'
import { AgwError } from '../errors.ts'
import { ONBOARDING, type Onboarding, onboardingOf } from '../providers/index.ts'
import type { Secret } from '../secrets/secret.ts'
import {
  type ChosenProvider,
  INIT_METHODS,
  type InitMethod,
  type NewConfigChoices,
} from '../setup/new-config.ts'
import type { Prompt } from './prompt.ts'

/** What the flags of `agw init` already answer. */
export interface WizardFlags {
  readonly provider?: readonly string[] | undefined
  readonly model?: readonly string[] | undefined
  readonly method?: string | undefined
  readonly env?: string | undefined
  readonly 'key-file'?: string | undefined
  readonly 'base-url'?: string | undefined
  readonly 'azure-resource'?: string | undefined
  readonly 'azure-resource-type'?: string | undefined
  readonly header?: string | undefined
  readonly port: number
  readonly style?: string | undefined
}

export interface WizardContext {
  readonly prompt: Prompt
  readonly env: Readonly<Record<string, string | undefined>>
  /** Takes the key of one provider in; `undefined` when it comes later. */
  readonly takeKey: (provider: Onboarding, method: InitMethod) => Promise<Secret | undefined>
}

const METHOD_WORDS: Readonly<Record<InitMethod, string>> = {
  env: 'environment variable: the config names it, .env or the shell holds it',
  file: 'file: the config names it, mode 0600, ignored by git',
  inline: 'inline: the key stands in the config itself (for quick tests only)',
  passthrough: 'passthrough: every client brings its own key; the gateway holds none',
  kubernetes: 'Kubernetes Secret: manifests for the controller, a config for a pod',
}

/** Asks for what the flags leave open; without a person, a missing answer names its flag. */
export async function chooseNewConfig(flags: WizardFlags, context: WizardContext): Promise<NewConfigChoices> {
  const { prompt } = context
  const wanted = flags.provider ?? [await askProvider(prompt)]
  const providers = wanted.map(knownProvider)
  const method = flags.method === undefined ? await askMethod(prompt) : (flags.method as InitMethod)
  const style = (flags.style ?? 'llm') as Style
  const chosen: ChosenProvider[] = []
  for (const [index, provider] of providers.entries()) {
    chosen.push(await completeProvider(provider, index, method, providers.length, flags, context))
  }
  return { style, port: flags.port, providers: chosen }
}

/** The one line that does the same without questions. */
export function equivalentCommand(choices: NewConfigChoices, file: string | undefined): string {
  const words = ['agw init']
  for (const { provider, model } of choices.providers) {
    words.push(`--provider ${provider.id}`)
    if (model !== undefined) words.push(`--model ${model}`)
  }
  const [first] = choices.providers
  words.push(`--method ${first?.method ?? 'env'}`)
  if (first?.variable !== undefined && first.variable !== first.provider.variable)
    words.push(`--env ${first.variable}`)
  if (first?.keyFile !== undefined) words.push(`--key-file ${first.keyFile}`)
  if (first?.baseUrl !== undefined) words.push(`--base-url ${first.baseUrl}`)
  if (first?.azure !== undefined) {
    words.push(`--azure-resource ${first.azure.resourceName}`)
    if (first.azure.resourceType !== 'openAI') words.push(`--azure-resource-type ${first.azure.resourceType}`)
  }
  if (first?.header !== undefined) words.push(`--header ${first.header}`)
  if (choices.style !== 'llm') words.push(`--style ${choices.style}`)
  if (choices.port !== 3000) words.push(`--port ${choices.port}`)
  if (file !== undefined) words.push(`--file ${file}`)
  if (choices.providers.some(one => one.key !== undefined)) words.push('--key-from-stdin')
  return [...words, '--yes'].join(' ')
}

async function askProvider(prompt: Prompt): Promise<string> {
  return prompt.select(
    '--provider NAME',
    'Which provider?',
    ONBOARDING.map(row => ({ value: row.id, name: row.label })),
    'openai',
  )
}

async function askMethod(prompt: Prompt): Promise<InitMethod> {
  return prompt.select(
    '--method',
    'How is the key handed over?',
    INIT_METHODS.map(method => ({ value: method, name: METHOD_WORDS[method] })),
    'env',
  )
}

function knownProvider(id: string): Onboarding {
  const row = onboardingOf(id)
  if (row !== undefined) return row
  const names = ONBOARDING.map(one => one.id)
  const meant = id.length <= 32 ? closest(id, names) : undefined
  throw new AgwError(
    'USAGE',
    `${looksSecret(id, names) ? 'that' : JSON.stringify(id)} is not a provider agw knows`,
    {
      hint: meant === undefined ? `it knows: ${names.join(', ')}` : `did you mean ${meant}?`,
    },
  )
}

async function completeProvider(
  provider: Onboarding,
  index: number,
  method: InitMethod,
  count: number,
  flags: WizardFlags,
  context: WizardContext,
): Promise<ChosenProvider> {
  const { prompt } = context
  const ask = (flag: string, message: string): Promise<string> =>
    prompt.input(flag, message, { check: text => text.trim() !== '' || 'an answer is needed' })
  const needsUrl = provider.id === 'openai-compatible' && flags['base-url'] === undefined
  const baseUrl = needsUrl
    ? await ask('--base-url URL', 'Its base URL, as in https://llm.example.com/v1')
    : flags['base-url']
  if (baseUrl !== undefined) checkUrl(baseUrl)
  const needsResource = provider.id === 'azure' && flags['azure-resource'] === undefined
  const resource = needsResource
    ? await ask('--azure-resource NAME', 'The Azure resource, the part before .openai.azure.com')
    : flags['azure-resource']
  const takesKey = method !== 'passthrough'
  const header = takesKey ? undefined : await passthroughHeader(flags, prompt)
  return {
    provider,
    method,
    model: flags.model?.[index],
    variable: count === 1 ? flags.env : undefined,
    keyFile: count === 1 ? flags['key-file'] : undefined,
    baseUrl,
    azure:
      provider.id === 'azure' && resource !== undefined
        ? { resourceName: resource, resourceType: flags['azure-resource-type'] ?? 'openAI' }
        : undefined,
    header,
    key: takesKey ? await context.takeKey(provider, method) : undefined,
  }
}

/** The header of the client's credential, where it is another than the provider's usual one. */
async function passthroughHeader(flags: WizardFlags, prompt: Prompt): Promise<string | undefined> {
  const usual = 'Authorization'
  const header =
    flags.header ??
    (prompt.allowed
      ? await prompt.input('--header NAME', "In which header does the client's credential come?", {
          initial: usual,
        })
      : usual)
  if (!/^[\w!#$%&'*+.^`|~-]+$/.test(header)) {
    throw new AgwError('USAGE', '--header is not the name of a header', {
      hint: 'for example --header x-provider-key',
    })
  }
  return header.toLowerCase() === usual.toLowerCase() ? undefined : header
}

function checkUrl(text: string): void {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (
    url &&
    /^https?:$/.test(url.protocol) &&
    url.username === '' &&
    url.password === '' &&
    url.search === ''
  )
    return
  throw new AgwError('USAGE', '--base-url is not an address like https://llm.example.com/v1', {
    hint: 'give scheme, host and path prefix only: no user name, no query',
  })
}

/** Choices of `--style`, for the flag and its help. */
export const STYLE_OPTIONS: readonly string[] = STYLES
