import type { Path } from '../../config/diagnostic.ts'
import type { JsonObject } from '../../json.ts'
import type { RouteType } from '../../providers/index.ts'
import type { Cel, Expression } from '../cel/cel.ts'
import { celContext } from '../cel/context.ts'
import { jsonValue } from '../cel/values.ts'
import type { Exchange } from '../exchange.ts'
import { noteCredentials } from '../telemetry/client-credentials.ts'
import { ModelAliases } from './model-aliases.ts'
import { addPrompts, type Prompts } from './prompts.ts'

/** What the config says of the bodies of LLM requests, each part with the place it was written. */
export interface BodyPolicy {
  readonly defaults?: Readonly<JsonObject> | undefined
  readonly overrides?: Readonly<JsonObject> | undefined
  /** Of a field that several name the last one counts. */
  readonly transformations?: readonly PlacedSources[] | undefined
  readonly finalTransformations?: readonly PlacedSources[] | undefined
  readonly prompts?: Prompts | undefined
  readonly modelAliases?: Readonly<Record<string, string>> | undefined
}

interface PlacedSources {
  /** Field → expression. */
  readonly value: Readonly<Record<string, string>>
  readonly path: Path
}

type Computed = readonly (readonly [field: string, expression: Expression])[]

/** The changes that the config asks for in the bodies of requests to one destination. */
export class BodyChanges {
  readonly #overrides: readonly (readonly [string, unknown])[]
  readonly #defaults: readonly (readonly [string, unknown])[]
  readonly #computed: Computed
  readonly #final: Computed
  readonly #prompts: BodyPolicy['prompts']
  readonly #aliases: ModelAliases | undefined

  /** Undefined when there is nothing to do. Throws CONFIG_INVALID for an expression that does not compile. */
  static compile(policy: BodyPolicy, cel: Cel): BodyChanges | undefined {
    const isSet = Object.values(policy).some(part => part !== undefined)
    return isSet ? new BodyChanges(policy, cel) : undefined
  }

  private constructor(policy: BodyPolicy, cel: Cel) {
    this.#overrides = Object.entries(policy.overrides ?? {})
    this.#defaults = Object.entries(policy.defaults ?? {})
    this.#computed = computed(policy.transformations, cel)
    this.#final = computed(policy.finalTransformations, cel)
    this.#prompts = policy.prompts
    this.#aliases = policy.modelAliases && new ModelAliases(policy.modelAliases)
  }

  /** The body is changed once more, in the form that the provider is sent. */
  get hasFinal(): boolean {
    return this.#final.length > 0
  }

  /**
   * Changes fields: expressions see the client's body, overrides come first, then what the expressions yield (nothing
   * where one fails: the field goes), then defaults where there is still nothing.
   */
  setFields(body: JsonObject, exchange: Exchange): void {
    const values = evaluated(this.#computed, body, exchange)
    for (const [field, value] of this.#overrides) put(body, field, structuredClone(value))
    for (const [field, value] of values) apply(body, field, value)
    for (const [field, value] of this.#defaults) {
      if (!Object.hasOwn(body, field)) put(body, field, structuredClone(value))
    }
  }

  /** What the provider calls the model. */
  aliasOf(model: string): string | undefined {
    return this.#aliases?.of(model)
  }

  addPrompts(body: JsonObject, type: RouteType): void {
    if (this.#prompts !== undefined) addPrompts(body, type, this.#prompts)
  }

  setFinalFields(body: JsonObject, exchange: Exchange): void {
    for (const [field, value] of evaluated(this.#final, body, exchange)) apply(body, field, value)
  }
}

function computed(written: readonly PlacedSources[] | undefined, cel: Cel): Computed {
  const fields = new Map<string, Expression>()
  for (const { value, path } of written ?? []) {
    for (const [field, source] of Object.entries(value)) {
      fields.set(field, cel.compile(source, [...path, field]))
    }
  }
  return [...fields]
}

/** All are evaluated before anything is changed, so that none sees what another one did. */
function evaluated(expressions: Computed, body: JsonObject, exchange: Exchange): [string, unknown][] {
  if (expressions.length === 0) return []
  noteCredentials(exchange)
  exchange.bodyMayTell = true
  const context = celContext(exchange, { llmRequest: body })
  return expressions.map(([field, expression]) => {
    try {
      return [field, jsonValue(expression.evaluate(context))]
    } catch {
      return [field, undefined]
    }
  })
}

function apply(body: JsonObject, field: string, value: unknown): void {
  if (value === undefined) delete body[field]
  else put(body, field, value)
}

/** Also a field that is called `__proto__`. */
function put(body: JsonObject, field: string, value: unknown): void {
  Object.defineProperty(body, field, { value, writable: true, enumerable: true, configurable: true })
}
