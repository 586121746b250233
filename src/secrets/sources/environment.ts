import { suggested } from '../../suggested.ts'
import { Secret } from '../secret.ts'
import type { SecretSource } from '../source.ts'

/** A variable of the process environment; `undefined` when it is not set. One that is set but empty is a value. */
export function fromEnvironment(
  name: string,
  env: Readonly<Record<string, string | undefined>>,
): Secret | undefined {
  // Names such as `constructor` are found on every object.
  const value: unknown = Object.hasOwn(env, name) ? env[name] : undefined
  return typeof value === 'string' ? new Secret(value, `$${name}`) : undefined
}

/** Another variable of the process environment. It cannot change while the process runs: nothing to store or watch. */
export const environmentSource: SecretSource<'env'> = {
  kind: 'env',
  timeoutMs: 1000,
  describe: ({ name }) => `environment $${name}`,
  instead: ({ variable, where }) =>
    `set ${where.name} where this process gets its environment from, or keep the key elsewhere: ${suggested('keys', 'set', variable, '--method', 'file')}`,
  async resolve(references, { env }) {
    return new Map(
      references.flatMap(reference => {
        const value = fromEnvironment(reference.where.name, env)
        return value === undefined ? [] : [[reference, value]]
      }),
    )
  },
}
