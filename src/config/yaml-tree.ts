import { parse } from 'yaml'

/**
 * The data of a YAML or JSON text with its maps as `Map`, so that keys keep their order, and whole numbers as bigint.
 * Undefined when it is neither: the library's message is not passed on, it quotes the text. Warnings are not printed; with
 * a log level of `silent` the library would not even throw, and would give a part of a broken text.
 */
export function readYamlTree(text: string): unknown {
  try {
    return parse(text, { mapAsMap: true, intAsBigInt: true, prettyErrors: false, logLevel: 'error' })
  } catch {
    return undefined
  }
}
