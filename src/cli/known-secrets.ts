import { keySlots, roughSlots } from '../config/index.ts'
import type { LoadedConfig } from '../load.ts'
import { Secret } from '../secrets/secret.ts'

/** Variables whose values are taken for secrets even where no key slot uses them. */
const SECRET_NAME = /key|token|secret|passw|credential|auth/i

/** What is secret in a config, for the redactor. */
export function secretsIn({ document, variables, draft }: LoadedConfig): Secret[] {
  const found = document.variables.flatMap(({ name }) => {
    const variable = variables.lookup(name)
    // What agw.yaml names is a secret, whatever it is called.
    return variable !== undefined && (variable.isNamed || SECRET_NAME.test(name)) ? [variable.value] : []
  })
  const slots = draft === undefined ? roughSlots(document) : keySlots(draft, document)
  for (const { value, variable } of slots) {
    // What is not set stands in the draft as it is written, `$NAME`, which is no secret.
    const isWritten = variable !== undefined && variables.lookup(variable) === undefined
    if (value instanceof Secret && !isWritten) found.push(value)
  }
  return found
}
