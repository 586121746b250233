import type { Path } from '../../config/diagnostic.ts'
import type { Authorization } from '../../config/schema.ts'
import type { Cel, CelContext, Expression } from '../cel/cel.ts'

/** Rules in CEL on who may do something, those of several levels together. */
export class AuthorizationRules {
  readonly #allow: Expression[] = []
  readonly #deny: Expression[] = []
  readonly #require: Expression[] = []

  /** Each level with the path of its `rules`. Throws CONFIG_INVALID for an expression that does not compile. */
  constructor(levels: readonly { readonly value: Authorization; readonly path: Path }[], cel: Cel) {
    for (const { value, path } of levels) {
      for (const [index, rule] of value.rules.entries()) {
        const here = [...path, 'rules', index]
        if (typeof rule === 'string') this.#allow.push(cel.compile(rule, here))
        else if (rule.allow !== undefined) this.#allow.push(cel.compile(rule.allow, [...here, 'allow']))
        else if (rule.deny !== undefined) this.#deny.push(cel.compile(rule.deny, [...here, 'deny']))
        else this.#require.push(cel.compile(rule.require ?? '', [...here, 'require']))
      }
    }
  }

  /** Some rule looks at the body of the request. */
  get usesBody(): boolean {
    return [...this.#allow, ...this.#deny, ...this.#require].some(rule => rule.usesBody)
  }

  /**
   * No deny rule holds, every require rule holds, and one of the allow rules where there are any. A rule that fails
   * decides against the request: agentgateway lets a request pass a deny rule that fails.
   */
  allows(context: CelContext): boolean {
    if (this.#deny.some(rule => rule.test(context) !== false)) return false
    if (!this.#require.every(rule => rule.test(context) === true)) return false
    return this.#allow.length === 0 || this.#allow.some(rule => rule.test(context) === true)
  }
}
