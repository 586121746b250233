import type { CredentialPlace } from '../auth/location.ts'
import { awaitBody } from '../bodies/body.ts'
import type { Step } from './policy.ts'

/** What a step does, put off until the whole body is here; of one that is larger than this nothing is there to look at. */
export function afterBody(maxBodyBytes: number, run: Step['run']): Step['run'] {
  return exchange => awaitBody(exchange, maxBodyBytes)?.then(() => run(exchange)) ?? run(exchange)
}

/** The same for a step that asks for a credential, where an expression finds that in the body. */
export function onceFindable(place: CredentialPlace, maxBodyBytes: number, run: Step['run']): Step['run'] {
  return place.usesBody ? afterBody(maxBodyBytes, run) : run
}
