import { type Example, example, FOLDER, model } from './example.ts'

const FROM_FILE = model().replace('"$OPENAI_API_KEY"', '{file: "$SECRETS/openai.key"}')
const SECRETS = { SECRETS: FOLDER }
const KEY = 'example-0f9a7c2e51d84b36\n'

/** What the key slots refer to. */
export const KEYS: readonly Example[] = [
  example(
    'KEY_UNREADABLE',
    { text: FROM_FILE, env: SECRETS },
    { text: FROM_FILE, env: SECRETS, files: { 'openai.key': KEY } },
  ),
  example('KEY_EMPTY', { text: model(), env: { OPENAI_API_KEY: '' } }, model()),
  example('KEY_SUSPECT', { text: model(), env: { OPENAI_API_KEY: 'changeme' } }, model()),
  example(
    'KEY_OF_ANOTHER_PROVIDER',
    { text: model(), env: { OPENAI_API_KEY: `sk-ant-api03-${'Ab3_'.repeat(23)}xAA` } },
    model(),
  ),
  example('INLINE_KEY', model().replace('$OPENAI_API_KEY', 'example-0f9a7c2e51d84b36'), model()),
  example(
    'KEY_FILE_MODE',
    { text: FROM_FILE, env: SECRETS, files: { 'openai.key': { text: KEY, mode: 0o644 } } },
    { text: FROM_FILE, env: SECRETS, files: { 'openai.key': { text: KEY, mode: 0o600 } } },
  ),
  example(
    'NOT_RUN_HERE',
    { text: 'mcp:\n  targets:\n  - name: my-tools\n    stdio: {cmd: my-tools}\n', engine: 'embedded' },
    { text: model(), engine: 'embedded' },
  ),
]
