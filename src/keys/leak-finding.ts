import type { Code } from '../config/codes.ts'
import type { Diagnostic } from '../config/diagnostic.ts'
import type { Leak } from '../secrets/scan/scan.ts'
import { suggested } from '../suggested.ts'

/** What is said of a key in clear text; never the key. */
export function leakFinding(
  { kind, provider, fingerprint, commit, range, confidence }: Leak,
  file: string,
): Diagnostic {
  const isVirtual = provider === 'agentgateway'
  const what = kind === 'own' ? 'the key in use' : isVirtual ? 'a virtual key' : `${article(provider)} key`
  const where = commit === undefined ? 'stands here' : `is kept by git (${commit})`
  const code: Code = kind === 'own' ? 'LEAKED_KEY' : 'KEY_IN_TEXT'
  return {
    code,
    severity: kind === 'own' || confidence === 'high' ? 'error' : 'warning',
    message: `${what} ${where} in clear text: ${fingerprint}`,
    hint: isVirtual ? hintForVirtual(commit) : hintFor(commit),
    file,
    path: [],
    range,
  }
}

function hintFor(commit: string | undefined): string {
  return commit === undefined
    ? 'take it out of there, and make a new key if others could read it'
    : 'what git has kept, others may have: make a new key at the provider and end this one'
}

function hintForVirtual(commit: string | undefined): string {
  const why =
    commit === undefined
      ? 'take it out of there, and if others could read it, make'
      : 'what git has kept, others may have: make'
  return `${why} a new one with ${suggested('clients', 'rotate', 'NAME')} and end this one with ${suggested('clients', 'remove', 'HASH')}`
}

function article(provider: string | undefined): string {
  const name = provider ?? 'provider'
  return `${/^(?:[aeio]|NV|x)/i.test(name) ? 'an' : 'a'} ${name}`
}
