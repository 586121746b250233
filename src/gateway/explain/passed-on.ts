import { parametersOf } from '../../query.ts'
import type { Secret } from '../../secrets/secret.ts'
import type { PassedCredential } from './explanation.ts'

/** A request as it would leave. */
interface Leaving {
  /** Names and values in turn. */
  readonly headers: readonly string[]
  /** Path and query. */
  readonly target: string
  readonly body: string | undefined
}

/** Those of the credentials that a request shows whom it leaves for, and where. */
export function shownIn(leaving: Leaving, credentials: readonly Secret[]): PassedCredential[] {
  return credentials.flatMap(secret => {
    const placement = placementIn(leaving, secret.reveal())
    return placement === undefined ? [] : [{ secret, placement }]
  })
}

/** `header x-api-key`, `cookie k`, `query parameter key`; undefined where it is not in it. */
function placementIn({ headers, target, body }: Leaving, credential: string): string | undefined {
  for (let i = 0; i < headers.length; i += 2) {
    const [name = '', value = ''] = [headers[i]?.toLowerCase(), headers[i + 1]]
    if (!holds(value, credential)) continue
    const cookie = name === 'cookie' ? value.split(';').find(part => holds(part, credential)) : undefined
    const called = cookie && nameIn(cookie.trim())
    // A policy may put the credential alone there: what stands in a name's place is none then.
    return called === undefined || holds(called, credential) ? `header ${name}` : `cookie ${called}`
  }
  const [path = '', ...query] = target.split('?')
  for (const [name, value] of parametersOf(query.join('?')))
    if (holds(value, credential)) return `query parameter ${name}`
  if (holds(path, credential)) return 'the path'
  return holds(body ?? '', credential) ? 'the body' : undefined
}

/** One that is short may stand in any text by chance. */
function holds(text: string, credential: string): boolean {
  if (credential.length >= 8) return text.includes(credential)
  return credential !== '' && text.split(/[\s;=,]+/).includes(credential)
}

/** `k` of `k=…` */
function nameIn(cookie: string): string {
  return cookie.split('=', 1)[0] ?? cookie
}
