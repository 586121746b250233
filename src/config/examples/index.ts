import type { Code } from '../codes.ts'
import { CLIENTS } from './clients.ts'
import type { Example } from './example.ts'
import { KEYS } from './keys.ts'
import { LIMITS } from './limits.ts'
import { MODELS } from './models.ts'
import { PROVIDER_KEYS } from './provider-keys.ts'
import { READING } from './reading.ts'
import { REFERENCES } from './references.ts'
import { ROUTES } from './routes.ts'
import { SCAN } from './scan.ts'
import { SHAPE } from './shape.ts'
import { TEXT } from './text.ts'

export { type Example, FOLDER, type Setting, writtenText } from './example.ts'

/** An example for every code. Load it with `import()`: only explanations need it. */
export const EXAMPLES: readonly Example[] = [
  ...SHAPE,
  ...READING,
  ...KEYS,
  ...PROVIDER_KEYS,
  ...CLIENTS,
  ...LIMITS,
  ...REFERENCES,
  ...ROUTES,
  ...MODELS,
  ...TEXT,
  ...SCAN,
]

export function exampleOf(code: Code): Example | undefined {
  return EXAMPLES.find(one => one.code === code)
}
