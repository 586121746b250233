import { AgwError } from '../errors.ts'
import type { Onboarding } from '../providers/index.ts'
import { INIT_METHODS, type InitMethod } from '../setup/new-config.ts'
import type { Prompt } from './prompt.ts'

const METHOD_WORDS: Readonly<Record<InitMethod, string>> = {
  env: 'environment variable: the config names it, .env or the shell holds it',
  file: 'file: the config names it, mode 0600, ignored by git',
  keychain: 'OS keychain: agw.yaml names the entry',
  encrypted: 'encrypted file: agw.yaml names it, it can be committed',
  inline: 'inline: the key stands in the config itself (for quick tests only)',
  passthrough: 'passthrough: every client brings its own key; the gateway holds none',
  none: 'none: this host wants no key',
  kubernetes: 'Kubernetes Secret: manifests for the controller, a config for a pod',
}

/** How the keys of these providers are handed over; asked for where no flag says it and a provider may want one. */
export async function chooseMethod(
  given: string | undefined,
  providers: readonly Onboarding[],
  prompt: Prompt,
  without: readonly InitMethod[] = [],
): Promise<InitMethod> {
  if (given === undefined && providers.every(one => one.keyless === 'always')) return 'none'
  const method = (given as InitMethod | undefined) ?? (await askMethod(providers, prompt, without))
  checkMethod(method, providers)
  return method
}

/** What of that holds for one of them. */
export function methodFor(provider: Onboarding, method: InitMethod): InitMethod {
  return provider.keyless === 'always' ? 'none' : method
}

function askMethod(
  providers: readonly Onboarding[],
  prompt: Prompt,
  without: readonly InitMethod[],
): Promise<InitMethod> {
  const mayLack = providers.every(one => one.keyless !== undefined)
  const open = INIT_METHODS.filter(method => (method !== 'none' || mayLack) && !without.includes(method))
  return prompt.select(
    `--method, which takes one of: ${open.join(', ')}`,
    'How is the key handed over?',
    open.map(method => ({
      value: method,
      name: METHOD_WORDS[method],
      short: METHOD_WORDS[method].split(':')[0] ?? method,
    })),
    'env',
  )
}

function checkMethod(method: InitMethod, providers: readonly Onboarding[]): void {
  const wants = providers.find(one => one.keyless === undefined)
  if (method === 'none' && wants !== undefined) {
    throw new AgwError('USAGE', `${wants.label} wants a key`, {
      hint: '--method passthrough lets every client bring its own',
    })
  }
  if (method !== 'none' && providers.every(one => one.keyless === 'always')) {
    throw new AgwError('USAGE', `${providers[0]?.id} takes no key: --method ${method} has no use`, {
      hint: 'leave it out; a host like it that wants a key is --provider openai-compatible',
    })
  }
  const local = providers.find(one => one.keyless === 'always')
  if (method === 'kubernetes' && local !== undefined) {
    throw new AgwError('USAGE', `${local.id} is on this machine, where a cluster does not reach it`, {
      hint: 'name the address that it has there: --provider openai-compatible --base-url URL',
    })
  }
}
