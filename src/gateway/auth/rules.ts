import type { Path } from '../../config/diagnostic.ts'
import type { Authorization } from '../../config/schema.ts'
import type { Cel, CelContext, Expression } from '../cel/cel.ts'

interface Rule {
  readonly expression: Expression
  readonly path: Path
}

/** Rules in CEL on who may do something, those of several levels together. */
export class AuthorizationRules {
  readonly #allow: Rule[] = []
  readonly #deny: Rule[] = []
  readonly #require: Rule[] = []
  /** Where the allow rules begin. */
  #allowPath: Path = []

  /** Each level with the path of its `rules`. Throws CONFIG_INVALID for an expression that does not compile. */
  constructor(levels: readonly { readonly value: Authorization; readonly path: Path }[], cel: Cel) {
    const add = (to: Rule[], source: string, path: Path): void => {
      to.push({ expression: cel.compile(source, path), path })
    }
    for (const { value, path } of levels) {
      for (const [index, rule] of value.rules.entries()) {
        const here = [...path, 'rules', index]
        if (typeof rule === 'string') add(this.#allow, rule, here)
        else if (rule.allow !== undefined) add(this.#allow, rule.allow, [...here, 'allow'])
        else if (rule.deny !== undefined) add(this.#deny, rule.deny, [...here, 'deny'])
        else add(this.#require, rule.require ?? '', [...here, 'require'])
      }
    }
    // One rule is named itself; of several that would all have done, the list.
    const [first] = this.#allow
    if (first !== undefined)
      this.#allowPath =
        this.#allow.length === 1 ? first.path : first.path.slice(0, first.path.lastIndexOf('rules') + 1)
  }

  /** Some rule looks at the body of the request. */
  get usesBody(): boolean {
    return [...this.#allow, ...this.#deny, ...this.#require].some(({ expression }) => expression.usesBody)
  }

  /**
   * The place of the rule that refuses; undefined where no deny rule holds, every require rule does, and one of the allow
   * rules where there are any. A rule that fails decides against the request: agentgateway lets a request pass a deny rule
   * that fails.
   */
  refusal(context: CelContext): Path | undefined {
    const denied =
      this.#deny.find(({ expression }) => expression.test(context) !== false) ??
      this.#require.find(({ expression }) => expression.test(context) !== true)
    if (denied !== undefined) return denied.path
    const isAllowed =
      this.#allow.length === 0 || this.#allow.some(({ expression }) => expression.test(context) === true)
    return isAllowed ? undefined : this.#allowPath
  }

  allows(context: CelContext): boolean {
    return this.refusal(context) === undefined
  }
}
