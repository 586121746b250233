import type { Exchange } from '../exchange.ts'
import { partsOfCredential } from '../headers/header-credentials.ts'
import { credentialsInTarget, decoded, hasLongWord } from './mask-target.ts'
import type { Redacting } from './recent-redactors.ts'

/**
 * Before a transformation, which may copy a credential to anywhere and take it out where it was: notes those of the request,
 * and of the headers of an answer. Only where something of the request may be told that the config makes.
 */
export function noteCredentials(exchange: Exchange, answerHeaders: readonly string[] = []): void {
  const { wantsDebug, runtime } = exchange.generation
  const { tellsExpressions, untoldHeaders: hidden } = runtime.settings
  if (!tellsExpressions && wantsDebug?.() !== true) return
  exchange.seenCredentials ??= new Set()
  for (const credential of credentialsShown(exchange, hidden)) exchange.seenCredentials.add(credential)
  for (const credential of credentialsOf(answerHeaders, hidden)) exchange.seenCredentials.add(credential)
}

/** Notes one that an expression has found, which may stand anywhere, and stays there. */
export function noteCredential(exchange: Exchange, credential: string): void {
  exchange.seenCredentials ??= new Set()
  exchange.seenCredentials.add(credential)
}

/** What the client shows in its headers and its target, as far as they are still there. */
function credentialsShown(exchange: Exchange, hidden: ReadonlySet<string>): string[] {
  const { hiddenParameters } = exchange.generation.runtime.settings
  return [
    ...credentialsOf(exchange.rawHeaders, hidden),
    ...credentialsInTarget(exchange.path, hiddenParameters),
    ...credentialsInTarget(`?${exchange.query}`, hiddenParameters),
  ]
}

/** Names and values in turn → what is secret in those of these lower-case names. */
function credentialsOf(headers: readonly string[], hidden: ReadonlySet<string>): string[] {
  return headers.flatMap((value, i) => {
    const name = (headers[i - 1] ?? '').toLowerCase()
    return i % 2 === 1 && hidden.has(name) ? partsOfCredential(name, value) : []
  })
}

/**
 * Takes out of what is told all that is secret of this very request: what its client has shown, what the config has put into
 * it, and what the answer gives to the client. Others repeat it, an upstream in its answer or the config in `metadata`.
 */
export function redactorOf(exchange: Exchange, hidden: ReadonlySet<string>): Redacting {
  const { caller, sentHeaders, given = [], seenCredentials = [] } = exchange
  const secrets = new Set([
    ...credentialsShown(exchange, hidden),
    ...credentialsOf(sentHeaders, hidden),
    ...given,
    ...seenCredentials,
    ...checkedOf(caller),
  ])
  return exchange.generation.redactors.of([...secrets])
}

/** A text of the request, without what was noted, and without what the client shows elsewhere and repeats there. */
export function withoutShown(exchange: Exchange, text: string): string {
  const { untoldHeaders: hidden } = exchange.generation.runtime.settings
  if (exchange.seenCredentials !== undefined) return redactorOf(exchange, hidden).redact(text)
  const plain = hasLongWord(text) || isOfKey(exchange, text) ? decoded(text) : ''
  if (plain === '' || !repeats(exchange, plain, hidden)) return text
  const redactor = redactorOf(exchange, hidden)
  const shown = redactor.redact(text)
  // Escapes that nobody needs are no form that it knows.
  return shown === text ? redactor.redact(plain) : shown
}

/** A key of the config's own may be as short as somebody made it; without its escapes, which make a text long. */
function isOfKey({ caller }: Exchange, text: string): boolean {
  const key = caller?.apiKey?.key.unredacted()
  return key !== undefined && key.length >= 8 && text.includes(key)
}

/** Looked at before a redactor is made, which for a client that is not known yet takes longer than a request. */
function repeats({ rawHeaders, caller }: Exchange, plain: string, hidden: ReadonlySet<string>): boolean {
  const isThere = (credential: string) => credential.length >= 8 && plain.includes(credential)
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = (rawHeaders[i] ?? '').toLowerCase()
    if (hidden.has(name) && partsOfCredential(name, rawHeaders[i + 1] ?? '').some(isThere)) return true
  }
  return caller !== undefined && checkedOf(caller).some(isThere)
}

/** What a policy has found to be right, and may have taken out of the request. */
function checkedOf(caller: Exchange['caller']): string[] {
  return [caller?.jwt?.rawToken, caller?.apiKey?.key].flatMap(secret => secret?.unredacted() ?? [])
}
