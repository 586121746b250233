import type { Path } from '../../config/diagnostic.ts'
import type { AiPolicy, LlmModel, PromptGuard } from '../../config/schema.ts'
import type { PromptCaching } from '../../providers/index.ts'
import type { BodyPolicy } from '../llm/body-changes.ts'
import type { PlacedGuards } from '../llm/guards.ts'
import type { Call } from './llm-call.ts'

/** What a model says of bodies, with what its provider says for all its models below it. */
export function bodyPolicyOf(model: LlmModel, path: Path, { defaults, defaultsPath }: Call): BodyPolicy {
  const { transformation, finalTransformation } = model
  const computed = [
    ...placed(defaults.transformation, [...defaultsPath, 'transformation']),
    ...placed(transformation, [...path, 'transformation']),
  ]
  return {
    defaults: merged(defaults.defaults, model.defaults),
    overrides: merged(defaults.overrides, model.overrides),
    transformations: computed.length > 0 ? computed : undefined,
    finalTransformations: some(placed(finalTransformation, [...path, 'finalTransformation'])),
  }
}

/** What a model marks for the cache of its provider; an empty mark is what is usual. */
export function cachingOf({ promptCaching }: LlmModel, { defaults }: Call): PromptCaching | undefined {
  return promptCaching ?? defaults.promptCaching ?? undefined
}

type Fields = Readonly<Record<string, unknown>> | null | undefined

function merged(weaker: Fields, stronger: Fields): Record<string, unknown> | undefined {
  return weaker || stronger ? { ...weaker, ...stronger } : undefined
}

type Sources = Readonly<Record<string, string>>

function placed(value: Sources | null | undefined, path: Path): { value: Sources; path: Path }[] {
  return value ? [{ value, path }] : []
}

function some<T>(list: readonly T[]): readonly T[] | undefined {
  return list.length > 0 ? list : undefined
}

/** What `ai` policies say, the strongest first: each part is the first level's that has it, whole. */
export function aiBodyPolicy(
  levels: readonly { readonly value: AiPolicy; readonly path: Path }[],
): BodyPolicy {
  const strongest = <K extends keyof AiPolicy>(key: K) => {
    const level = levels.find(({ value }) => isGiven(value[key]))
    return level === undefined ? undefined : { value: level.value[key], path: [...level.path, key] }
  }
  const sources = (key: 'transformations' | 'finalTransformations') => {
    const found = strongest(key)
    return found?.value ? [{ value: found.value, path: found.path }] : undefined
  }
  const { append, prepend } = strongest('prompts')?.value ?? {}
  const hasPrompts = append !== undefined || prepend !== undefined
  return {
    defaults: strongest('defaults')?.value ?? undefined,
    overrides: strongest('overrides')?.value ?? undefined,
    transformations: sources('transformations'),
    finalTransformations: sources('finalTransformations'),
    prompts: hasPrompts ? { append, prepend } : undefined,
    modelAliases: strongest('modelAliases')?.value,
  }
}

/** What the first level that has it, the strongest first, marks for the cache of the provider. */
export function aiCachingOf(levels: readonly { readonly value: AiPolicy }[]): PromptCaching | undefined {
  return levels.find(({ value }) => value.promptCaching)?.value.promptCaching ?? undefined
}

/** The guards of the first level that has any, the strongest first. */
export function guardsOf(
  levels: readonly { readonly value: AiPolicy; readonly path: Path }[],
): PlacedGuards[] {
  const level = levels.find(({ value }) => isGiven(value.promptGuard))
  return level === undefined ? [] : guardsAt(level.value.promptGuard, [...level.path, 'promptGuard'])
}

/** A `promptGuard` or `guardrails`, where it is written. */
export function guardsAt(value: PromptGuard | null | undefined, path: Path): PlacedGuards[] {
  return value ? [{ value, path }] : []
}

/** An empty map of aliases or paths is none. */
function isGiven(value: unknown): boolean {
  if (value === undefined || value === null) return false
  return typeof value !== 'object' || Object.keys(value).length > 0
}
