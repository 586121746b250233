import { createRequire } from 'node:module'
import type { RE2JS } from 're2js'

const require = createRequire(import.meta.url)

/** RE2, loaded with the first pattern that needs it: it costs a start 14 ms (Node 20), and most configs have none. */
export function re2(): typeof RE2JS {
  return (require('re2js') as { RE2JS: typeof RE2JS }).RE2JS
}
