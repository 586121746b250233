import { Secret } from '../secret.ts'
import type { Reference, SecretSource } from '../source.ts'

/** A variable of the process environment; `undefined` when it is not set. One that is set but empty is a value. */
export function fromEnvironment(
  name: string,
  env: Readonly<Record<string, string | undefined>>,
): Secret | undefined {
  // Names such as `constructor` are found on every object.
  const value: unknown = env[name]
  return typeof value === 'string' ? new Secret(value, `$${name}`) : undefined
}

/** The process environment. It cannot change while the process runs, so there is nothing to store or to watch. */
export const environmentSource: SecretSource = {
  scheme: 'environment',
  async resolve(references, { env }) {
    const found = new Map<Reference, Secret>()
    for (const reference of references) {
      const value = fromEnvironment(reference.name, env)
      if (value !== undefined) found.set(reference, value)
    }
    return found
  },
}
