import { type Example, example, LEAK, model, type Setting } from './example.ts'

const scanned = (text: string): Setting => ({ text, scan: true })

/** What a scan finds. */
export const SCAN: readonly Example[] = [
  example(
    'LEAKED_KEY',
    scanned(model().replace('$OPENAI_API_KEY', 'example-0f9a7c2e51d84b36')),
    scanned(model()),
  ),
  example('KEY_IN_TEXT', scanned(`# before: ${LEAK}\n${model()}`), scanned(model())),
]
