import { type Destination, destinationsOf } from './destination.ts'
import { type Action, type Bind, type Runtime, targetsOf } from './runtime.ts'

/** A backend whose key every client of a port can spend: nothing on the way asks who it is. */
export interface UnguardedKey {
  /** `bind/3000` */
  readonly bind: string
  /** As the config names the backend. */
  readonly backend: string
}

/** Every key of a runtime that clients get without showing anything. */
export function unguardedKeys({ binds }: Runtime): UnguardedKey[] {
  return binds.flatMap(bind => backendsOf(bind).map(backend => ({ bind: bind.key, backend })))
}

function backendsOf({ tls, listeners }: Bind): string[] {
  // Who has no certificate does not even get to send a request.
  if (tls?.rules.asksForCertificate === true) return []
  const found = new Set<string>()
  for (const [, listener] of listeners.entries()) {
    if (isGuarded(listener)) continue
    for (const [, candidates] of listener.routes.entries())
      for (const { route } of candidates)
        if (!isGuarded(route)) for (const { label } of openTo(route.action)) found.add(label)
  }
  return [...found]
}

function openTo(action: Action): Destination[] {
  const models = action.kind === 'models' ? action.models.filter(model => !model.authorization) : []
  return targetsOf(action.kind === 'models' ? { ...action, models } : action)
    .flatMap(destinationsOf)
    .filter(destination => destination.key !== undefined && !isGuarded(destination))
}

function isGuarded({ steps }: Pick<Destination, 'steps'>): boolean {
  return steps.some(step => step.isGuard === true)
}
