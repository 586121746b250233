import type { Config, TargetedPolicy } from '../../config/schema.ts'
import type { PolicyLevel } from './policies.ts'

/** A route as targets name it. */
export interface RouteName {
  readonly namespace: string
  readonly name: string
  readonly rule: string | undefined
}

/** A backend as targets name it; `section` is a provider of it. */
export interface BackendName {
  readonly name: string
  readonly section: string | undefined
}

type Target = TargetedPolicy['target']

function isSame(a: string | null | undefined, b: string | undefined): boolean {
  return (a ?? undefined) === b
}

/**
 * The top-level `policies`, found by what they apply to. All of a file belongs to one gateway of agentgateway; what
 * stands under `gateways` are listeners to it. Every answer has the strongest level first.
 */
export class TargetedPolicies {
  readonly #entries: readonly TargetedPolicy[]
  readonly #gateway: { readonly name: string; readonly namespace: string }

  constructor(config: Config) {
    this.#entries = config.policies ?? []
    this.#gateway = { name: 'default', namespace: 'default' }
  }

  /** What runs before a route is chosen. */
  beforeRoute(listener: string): PolicyLevel[] {
    return this.#ofListener(listener, phase => phase === 'gateway')
  }

  /** What a route has besides its own policies: those for its rule, for itself, for its listener, for all. */
  ofRoute(route: RouteName, listener: string): PolicyLevel[] {
    return [...this.ofRouteAlone(route), ...this.#ofListener(listener, phase => phase === 'route')]
  }

  /** Those for its rule and for itself. */
  ofRouteAlone({ namespace, name, rule }: RouteName): PolicyLevel[] {
    const ofRule = (wanted: string | undefined) =>
      this.#where(
        ({ route }) =>
          route?.name === name && route.namespace === namespace && isSame(route.ruleName, wanted),
      )
    return [...(rule === undefined ? [] : ofRule(rule)), ...ofRule(undefined)]
  }

  /** What a backend has besides its own policies: those for its provider, and for itself. */
  ofBackend({ name, section }: BackendName): PolicyLevel[] {
    const ofSection = (wanted: string | undefined) =>
      this.#where(({ backend }) => {
        const named = typeof backend === 'object' ? backend.backend : undefined
        return named?.name === name && named.namespace === '' && isSame(named.section, wanted)
      })
    return [...(section === undefined ? [] : ofSection(section)), ...ofSection(undefined)]
  }

  /** Those for a listener, and for all, in whichever phase: keys and TLS of backends may stand there too. */
  ofListener(listener: string): PolicyLevel[] {
    return this.#ofListener(listener, () => true)
  }

  #ofListener(listener: string, isIn: (phase: 'route' | 'gateway') => boolean): PolicyLevel[] {
    const named = (wanted: string | undefined) =>
      this.#where(
        ({ gateway }, phase) =>
          gateway?.gatewayName === this.#gateway.name &&
          gateway.gatewayNamespace === this.#gateway.namespace &&
          (gateway.port ?? undefined) === undefined &&
          isSame(gateway.listenerName, wanted) &&
          isIn(phase),
      )
    return [...named(listener), ...named(undefined)]
  }

  #where(fits: (target: Target, phase: 'route' | 'gateway') => boolean): PolicyLevel[] {
    return this.#entries.flatMap(({ name, target, phase, policy }, index) => {
      if (!fits(target, phase ?? 'route')) return []
      const owner = `policy ${name.namespace}/${name.name}`
      return [{ policies: policy, path: ['policies', index, 'policy'], owner }]
    })
  }
}
