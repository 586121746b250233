import { type Example, example, FOLDER, model, modelAnd, type Setting } from './example.ts'

const FROM_FILE = model().replace('"$OPENAI_API_KEY"', '{file: "$SECRETS/openai.key"}')
const withUsers = (users: string): string =>
  modelAnd(`gateways: {default: {port: 4000, basicAuth: {mode: strict, htpasswd: "${users}"}}}`)
const SECRETS = { SECRETS: FOLDER }
const KEY = 'example-0f9a7c2e51d84b36\n'
const LIMIT = 'maxAge: 90d\n'

/** What the key slots refer to. */
export const KEYS: readonly Example[] = [
  example(
    'KEY_UNREADABLE',
    { text: FROM_FILE, env: SECRETS },
    { text: FROM_FILE, env: SECRETS, files: { 'openai.key': KEY } },
  ),
  example(
    'MATERIAL_UNUSABLE',
    { text: withUsers('ann'), engine: 'embedded' },
    { text: withUsers(`ann:{SHA}${'a'.repeat(27)}=`), engine: 'embedded' },
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
    'KEY_TOO_OLD',
    { text: FROM_FILE, env: SECRETS, files: { 'openai.key': keyOf(100), 'agw.yaml': LIMIT } },
    { text: FROM_FILE, env: SECRETS, files: { 'openai.key': keyOf(10), 'agw.yaml': LIMIT } },
  ),
  example(
    'KEY_AGE_UNKNOWN',
    { text: model(), env: { OPENAI_API_KEY: KEY.trim() }, files: { 'agw.yaml': LIMIT } },
    { text: FROM_FILE, env: SECRETS, files: { 'openai.key': keyOf(10), 'agw.yaml': LIMIT } },
  ),
  example(
    'KEY_FILE_MODE',
    { text: FROM_FILE, env: SECRETS, files: { 'openai.key': { text: KEY, mode: 0o644 } } },
    { text: FROM_FILE, env: SECRETS, files: { 'openai.key': { text: KEY, mode: 0o600 } } },
  ),
  example(
    'KEY_IN_GIT',
    { text: FROM_FILE, env: SECRETS, files: { 'openai.key': KEY }, tracked: ['openai.key'] },
    { text: FROM_FILE, env: SECRETS, files: { 'openai.key': KEY, '.gitignore': '*.key\n' }, tracked: [] },
  ),
  example(
    'KEY_NOT_IGNORED',
    { text: FROM_FILE, env: SECRETS, files: { 'openai.key': KEY }, tracked: [] },
    { text: FROM_FILE, env: SECRETS, files: { 'openai.key': KEY, '.gitignore': '*.key\n' }, tracked: [] },
  ),
  example('KEY_REJECTED', asked(401, { error: { code: 'invalid_api_key' } }), asked(200, { object: 'list' })),
  example(
    'KEY_LIMITED',
    asked(429, { error: { code: 'insufficient_quota' } }),
    asked(200, { object: 'list' }),
  ),
  example('KEY_NOT_CONFIRMED', asked(503, {}), asked(200, { object: 'list' })),
  example(
    'NOT_RUN_HERE',
    { text: 'mcp:\n  targets:\n  - name: my-tools\n    stdio: {cmd: my-tools}\n', engine: 'embedded' },
    { text: model(), engine: 'embedded' },
  ),
]

function keyOf(daysOld: number): { text: string; mode: number; daysOld: number } {
  return { text: KEY, mode: 0o600, daysOld }
}

/** A config whose provider answers so when it is asked about the key. */
function asked(status: number, body: object): Setting {
  return { text: model(), answer: { status, body } }
}
