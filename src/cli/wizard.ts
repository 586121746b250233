import { callIn } from '../config/base-url.ts'
import { closest } from '../config/did-you-mean.ts'
import type { Style } from '../config/index.ts'
import { own } from '../config/own.ts'
import { looksSecret } from '../config/shown-word.ts'
import { AgwError } from '../errors.ts'
import {
  ONBOARDING,
  type Onboarding,
  onboardingOf,
  SETTING_FLAGS,
  type SettingAnswer,
  type SettingFlag,
  settingAnswer,
  settingForm,
} from '../providers/index.ts'
import type { Secret } from '../secrets/secret.ts'
import { type ChosenProvider, type InitMethod, type NewConfigChoices, takesKey } from '../setup/new-config.ts'
import { checkInitFlags, type WizardFlags } from './init-flags.ts'
import { chooseMethod, methodFor } from './init-method.ts'
import type { Prompt } from './prompt.ts'

export interface WizardContext {
  readonly prompt: Prompt
  readonly env: Readonly<Record<string, string | undefined>>
  /** Takes the key of one provider in; `undefined` when it comes later. */
  readonly takeKey: (wanted: WantedKey) => Promise<Secret | undefined>
  /** Ways to hand over a key that are not offered. */
  readonly without?: readonly InitMethod[]
  /** Which model a provider is for, where that is not what was given. */
  readonly modelFor?: (wanted: WantedKey, given: string | undefined) => Promise<string | undefined>
}

/** For which provider of how many a key is taken. */
export interface WantedKey {
  readonly provider: Onboarding
  readonly method: InitMethod
  readonly index: number
  readonly count: number
  /** A server of one's own is called, which may want any word for a key. */
  readonly isOwnHost?: boolean
}

/** Asks for what the flags leave open; without a person, a missing answer names its flag. */
export async function chooseNewConfig(flags: WizardFlags, context: WizardContext): Promise<NewConfigChoices> {
  const { prompt } = context
  const wanted = flags.provider ?? [await askProvider(prompt)]
  const providers = wanted.map(knownProvider)
  const method = await chooseMethod(flags.method, providers, prompt, context.without)
  checkInitFlags(flags, providers, method)
  const style = (flags.style ?? 'llm') as Style
  const chosen: ChosenProvider[] = []
  for (const [index, provider] of providers.entries()) {
    const wanted = { provider, method: methodFor(provider, method), index, count: providers.length }
    chosen.push(await completeProvider(wanted, providers, flags, context))
  }
  return { style, port: flags.port ?? 3000, providers: chosen }
}

/** Throws USAGE for what flags say that no config can make right: whoever is asked first answers in vain. */
export async function checkGiven(flags: WizardFlags, prompt: Prompt): Promise<void> {
  const providers = (flags.provider ?? []).map(knownProvider)
  for (const url of flags['base-url'] ?? []) checkUrl(url)
  for (const flag of SETTING_FLAGS) for (const text of [flags[flag] ?? []].flat()) readSetting(flag, text)
  if (flags.header !== undefined) checkHeader(flags.header)
  if (providers.length === 0 || flags.method === undefined) return
  checkInitFlags(flags, providers, await chooseMethod(flags.method, providers, prompt))
}

async function askProvider(prompt: Prompt): Promise<string> {
  return prompt.select(
    '--provider NAME',
    'Which provider?',
    ONBOARDING.map(row => ({ value: row.id, name: row.label })),
    'openai',
  )
}

/** What people call providers besides. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  claude: 'anthropic',
  google: 'gemini',
  aws: 'bedrock',
  together: 'togetherai',
  grok: 'xai',
  custom: 'openai-compatible',
  local: 'ollama',
  lmstudio: 'openai-compatible',
  vllm: 'openai-compatible',
}

function knownProvider(id: string): Onboarding {
  const row = onboardingOf(id)
  if (row !== undefined) return row
  const names = ONBOARDING.map(one => one.id)
  const meant = id.length <= 32 ? (closest(id, names) ?? own(ELSEWHERE, id.toLowerCase())) : undefined
  if (id.split(',').every(one => onboardingOf(one.trim()) !== undefined)) {
    throw new AgwError('USAGE', '--provider takes one provider', {
      hint: `repeat it: ${id
        .split(',')
        .map(one => `--provider ${one.trim()}`)
        .join(' ')}`,
    })
  }
  throw new AgwError(
    'USAGE',
    `${looksSecret(id, names) ? 'that' : JSON.stringify(id)} is not a provider agw knows`,
    {
      hint: meant === undefined ? `it knows: ${names.join(', ')}` : `did you mean ${meant}?`,
    },
  )
}

async function completeProvider(
  wanted: WantedKey,
  providers: readonly Onboarding[],
  flags: WizardFlags,
  context: WizardContext,
): Promise<ChosenProvider> {
  const { provider, method, index } = wanted
  const { prompt } = context
  const ask = (flag: string, message: string, wrong?: (text: string) => string | undefined) =>
    prompt.input(flag, message, {
      check: text => (text.trim() === '' ? 'an answer is needed' : (wrong?.(text.trim()) ?? true)),
    })
  // The second openai-compatible host takes the second --base-url, whatever stands between them.
  const nth = providers.slice(0, index).filter(one => one.id === provider.id).length
  const needsUrl = provider.id === 'openai-compatible'
  let baseUrl = needsUrl || providers.length === 1 ? flags['base-url']?.[nth] : undefined
  if (needsUrl)
    baseUrl ??= await ask('--base-url URL', 'Its base URL, as in https://llm.example.com/v1', wrongUrl)
  if (baseUrl !== undefined) checkUrl(baseUrl)
  const settings: Partial<Record<SettingFlag, string>> = {}
  for (const { flag, question, otherwise, isOptional } of provider.settings ?? []) {
    const given = flags[flag]
    const value = typeof given === 'string' ? given : given?.[nth]
    const isAsked = value === undefined && otherwise === undefined && isOptional === undefined
    const wrong = (text: string) =>
      settingAnswer(flag, text) === undefined ? `this does not fit: it takes ${settingForm(flag)}` : undefined
    const answer = isAsked ? await ask(`--${flag} NAME`, question, wrong) : value
    if (answer !== undefined) Object.assign(settings, readSetting(flag, answer))
    else if (otherwise !== undefined) settings[flag] ??= otherwise
  }
  const given = flags.model?.[index]
  const model = context.modelFor === undefined ? given : await context.modelFor(wanted, given)
  return {
    provider,
    method,
    model,
    variable: flags.env?.[index],
    keyFile: flags['key-file']?.[index],
    baseUrl,
    settings,
    header: method === 'passthrough' ? await passthroughHeader(flags, prompt) : undefined,
    key: takesKey(method)
      ? await context.takeKey({ ...wanted, isOwnHost: baseUrl !== undefined })
      : undefined,
  }
}

function readSetting(flag: SettingFlag, text: string): SettingAnswer {
  const answer = settingAnswer(flag, text)
  if (answer !== undefined) return answer
  throw new AgwError('USAGE', `--${flag} has a value that does not fit`, {
    hint: `it takes ${settingForm(flag)}`,
  })
}

/** The header of the client's credential, where it is another than the provider's usual one. */
async function passthroughHeader(flags: WizardFlags, prompt: Prompt): Promise<string | undefined> {
  const usual = 'Authorization'
  const header =
    flags.header ??
    (prompt.allowed
      ? await prompt.input('--header NAME', "In which header does the client's credential come?", {
          initial: usual,
          check: text => HEADER_NAME.test(text.trim()) || 'this is not the name of a header',
        })
      : usual)
  checkHeader(header)
  return header.toLowerCase() === usual.toLowerCase() ? undefined : header
}

function checkHeader(header: string): void {
  if (HEADER_NAME.test(header)) return
  throw new AgwError('USAGE', '--header is not the name of a header', {
    hint: 'for example --header x-provider-key',
  })
}

const HEADER_NAME = /^[\w!#$%&'*+.^`|~-]+$/

/** What is wrong with a base URL, for whoever typed it. */
function wrongUrl(text: string): string | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || !/^https?:$/.test(url.protocol))
    return 'this is not an address like https://llm.example.com/v1'
  if (url.username !== '' || url.password !== '') return 'leave user name and password out'
  if (url.search !== '') return 'leave the query out'
  const call = callIn(text)
  return call === undefined ? undefined : `leave ${call} out at its end: that is put behind it`
}

function checkUrl(text: string): void {
  const wrong = wrongUrl(text)
  if (wrong === undefined) return
  if (callIn(text) !== undefined) {
    throw new AgwError('USAGE', '--base-url is the address of one kind of call', { hint: wrong })
  }
  throw new AgwError('USAGE', '--base-url is not an address like https://llm.example.com/v1', {
    hint: 'give scheme, host and path prefix only: no user name, no query',
  })
}
