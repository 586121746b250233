/**
 * A field for the model, whose letters may be encoded one by one, in either case, and with what others take for blanks around
 * them. A semicolon parts fields for some, and brackets make a list of what is before them.
 */
const BLANKS = String.raw`(?:[^\x21-\x7e]|\+|%(?:[0189a-f][\da-f]|20|7f))*`
const NAME = '(?:m|%[46]d)(?:o|%[46]f)(?:d|%[46]4)(?:e|%[46]5)(?:l|%[46]c)'
const MODEL = new RegExp(`(?:^|[&;])${BLANKS}${NAME}${BLANKS}(?:$|[=&;[]|%5b)`, 'i')

/**
 * Whether a body that is said to be URL-encoded names a model where it is read as that. `curl -d` sends JSON under this
 * type, which names none then: a provider that believes the type must not find another model than is seen in the JSON.
 * Nothing is taken apart for it: a body has room for a million fields.
 */
export function hasModelInUrlEncoded(contentType: string, body: Buffer | undefined): boolean {
  return (
    body !== undefined && /x-www-form-urlencoded/i.test(contentType) && MODEL.test(body.toString('latin1'))
  )
}
