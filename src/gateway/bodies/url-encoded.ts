import { namesModel } from './json-body.ts'

/**
 * Whether a body that is said to be URL-encoded names a model where it is read as that. `curl -d` sends JSON under this
 * type, which names none then: a provider that believes the type must not find another model than is seen in the JSON.
 */
export function hasModelInUrlEncoded(contentType: string, body: Buffer | undefined): boolean {
  if (body === undefined || !/x-www-form-urlencoded/i.test(contentType)) return false
  // A semicolon parts fields for some, and brackets make a list of what is before them.
  const fields = new URLSearchParams(body.toString().replaceAll(';', '&'))
  return [...fields.keys()].some(name => namesModel(name.trim().split('[', 1)[0]))
}
