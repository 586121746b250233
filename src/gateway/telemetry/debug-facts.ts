import { formatPath } from '../../config/diagnostic.ts'
import type { Exchange } from '../exchange.ts'
import type { Step } from '../policies/policy.ts'
import { withoutShown } from './client-credentials.ts'
import { maskTarget } from './mask-target.ts'

/** How a request came about, for whoever looks for a fault. Holds no value of a header, a body or a key. */
export interface DebugFacts {
  /** The backend as the config names it. */
  readonly backend: string | undefined
  /** Steps that had their say, in order: `gateway/cors route/apiKey backend/transformations`. */
  readonly policies: readonly string[]
  /** The step that answered in place of a backend. */
  readonly endedBy: string | undefined
  /** The place of the rule that decided so, in the config. */
  readonly decidedBy: string | undefined
  /** Path of the request as the policies left it, without its query. */
  readonly path: string
  /** Place and fingerprint of the key that was sent first. */
  readonly keySlot: string | undefined
  readonly keyFingerprint: string | undefined
  /** That of the key before it, where the provider refused the first. */
  readonly formerFingerprint: string | undefined
  /** Calls before the last one: `127.0.0.1:8080 503 12ms`. */
  readonly calls: readonly string[]
  /** Bytes of the request's body that were gathered; undefined for one that was passed on as it came. */
  readonly gathered: number | undefined
}

/** Worked out when the request is over, at debug only: nothing on its way is slower for it. */
export function debugFacts(exchange: Exchange): DebugFacts {
  const { destination, attempts, endedBy, decidedBy, body, generation } = exchange
  const { key, former } = destination ?? {}
  return {
    backend: destination?.label,
    policies: passed(exchange),
    endedBy: endedBy?.name,
    decidedBy: decidedBy && formatPath(decidedBy),
    path: withoutShown(exchange, maskTarget(exchange.path, generation.runtime.settings.hiddenParameters)),
    keySlot: key && formatPath(key.slot),
    keyFingerprint: key?.secret.fingerprint(),
    formerFingerprint: exchange.isKeyRefused ? former?.fingerprint() : undefined,
    calls: attempts?.calls ?? [],
    gathered: body?.length,
  }
}

/** Steps run in order, and one that answers is the last. */
function passed({ listener, route, destination, endedBy }: Exchange): string[] {
  const levels: readonly (readonly [string, readonly Step[] | undefined])[] = [
    ['gateway', listener?.steps],
    ['route', route?.steps],
    ['backend', destination?.steps],
  ]
  const all = levels.flatMap(([level, steps = []]) =>
    steps.map(step => ({ step, name: `${level}/${step.name}` })),
  )
  const last = all.findIndex(({ step }) => step === endedBy)
  return (last < 0 ? all : all.slice(0, last + 1)).map(({ name }) => name)
}
