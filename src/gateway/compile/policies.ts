import type { Path } from '../../config/diagnostic.ts'
import type { Kept } from '../kept.ts'
import type { Placed, Policies, PolicyContext, PolicyKind, PolicyName, Step } from '../policies/policy.ts'

/** What one place of the config says: the `policies` of a route, of a listener, of a backend, or one targeted policy. */
export interface PolicyLevel {
  readonly policies: Policies | null | undefined
  readonly path: Path
  /** A policy that stands by itself keeps what it keeps for all that it applies to. */
  readonly owner?: string
}

/** Every level that sets the policy, the strongest first. */
export function levelsOf<N extends PolicyName>(levels: readonly PolicyLevel[], name: N): Placed<N>[] {
  const placed: Placed<N>[] = []
  for (const { policies, path, owner } of levels) {
    const value = policies?.[name]
    if (value === undefined || value === null) continue
    placed.push({ value, path: [...path, name], ...(owner !== undefined && { owner }) })
  }
  return placed
}

/** What the strongest level says. */
export function strongestOf<N extends PolicyName>(
  levels: readonly PolicyLevel[],
  name: N,
): Placed<N>['value'] | undefined {
  return levelsOf(levels, name)[0]?.value
}

const NO_STEPS: readonly Step[] = Object.freeze([])

/** The steps of one phase at one place, in the order of `kinds`; `levels` come strongest first. */
export function compilePhase(
  kinds: readonly PolicyKind[],
  levels: readonly PolicyLevel[],
  context: PolicyContext,
): readonly Step[] {
  if (levels.every(({ policies }) => (policies ?? undefined) === undefined)) return NO_STEPS
  const steps: Step[] = []
  for (const kind of kinds) {
    const [first, ...others] = levelsOf(levels, kind.name)
    const own = first?.owner === undefined ? context : context.for(first.owner)
    const step = first && kind.compile([first, ...others], own)
    if (step !== undefined) steps.push(step)
  }
  return steps.length === 0 ? NO_STEPS : Object.freeze(steps)
}

type SharedContext = Pick<PolicyContext, 'maxBodyBytes' | 'readFile' | 'cel' | 'secretsIn'>

/** Collects what the policies of one runtime want to keep. */
export class PolicyContexts {
  readonly kept = new Map<string, Kept<unknown>>()
  /** Lower-case names of query parameters and headers whose values no log may show. */
  readonly hidden = { parameters: new Set<string>(), headers: new Set<string>() }
  readonly #shared: SharedContext

  constructor(shared: SharedContext) {
    this.#shared = shared
  }

  for(owner: string): PolicyContext {
    return {
      ...this.#shared,
      owner,
      keep: (kind, config, create, begin) => {
        const kept = { id: `${owner} ${kind} ${JSON.stringify(config)}`, create, ...(begin && { begin }) }
        this.kept.set(kept.id, kept)
        return kept
      },
      for: other => this.for(other),
      hide: ({ named = {} }) => {
        if ('parameter' in named) this.hidden.parameters.add(named.parameter.toLowerCase())
        if ('header' in named) this.hidden.headers.add(named.header)
      },
    }
  }
}
