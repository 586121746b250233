import { type Example, example, model } from './example.ts'

const bomb = ['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((name, index, names) => {
  const entry = index === 0 ? 'x' : `*${names[index - 1]}`
  return `${name}: &${name} [${Array.from({ length: 10 }, () => entry).join(', ')}]`
})

const SCHEMA = '{"type": "object", "properties": {"llm": {}}, "additionalProperties": false}'

const FROM_FILE = 'secrets: {OPENAI_TOKEN: {file: openai.key}}\n'

/** What stands in the way of reading a file, and what is said in it to agw. */
export const READING: readonly Example[] = [
  example('NOT_UTF8', { text: model(), encoding: 'utf16le' }, model()),
  example('FILE_UNREADABLE', { text: '', isFolder: true }, model()),
  example('TOO_LARGE', `${bomb.join('\n')}\n`, model()),
  example('TOO_DEEP', `llm: ${'['.repeat(101)}${']'.repeat(101)}\n`, model()),
  example('EMPTY_CONFIG', '# nothing yet\n', model()),
  example('YAML_SYNTAX', model().replace('"}', '"'), model()),
  example('DUPLICATE_KEY', model('provider: anthropic'), model()),
  example('VARIABLE_UNSET', { text: model().replace('API_KEY', 'TOKEN') }, model()),
  example(
    'SOURCE_FAILED',
    { text: model().replace('API_KEY', 'TOKEN'), files: { 'agw.yaml': FROM_FILE } },
    {
      text: model().replace('API_KEY', 'TOKEN'),
      files: { 'agw.yaml': FROM_FILE, 'openai.key': 'example-0f9a7c2e51d84b36' },
    },
  ),
  example(
    'DOTENV_UNREADABLE',
    {
      text: model(),
      files: { '.env': { text: '\ufeffTEAM=blue\n', mode: 0o600, encoding: 'utf16le' } },
    },
    { text: model(), files: { '.env': 'TEAM=blue\n' } },
  ),
  example(
    'DOTENV_LINE',
    { text: model(), files: { '.env': 'the key of OpenAI\n' } },
    { text: model(), files: { '.env': '# the key of OpenAI\n' } },
  ),
  example('VARIABLE_IN_COMMENT', `# the key of $TEAM\n${model()}`, `# the key of our team\n${model()}`),
  example(
    'SUPPRESSION_WITHOUT_REASON',
    model('# agw-ignore DEPRECATED'),
    `# agw-ignore DEPRECATED: the port is known to all clients\n${withPort()}`.replace(
      /^(#.*\n)(llm:\n)( {2}port: 4000\n)/,
      '$2  $1$3',
    ),
  ),
  example('SUPPRESSION_UNUSED', model('# agw-ignore DEPRECATED: the port is known'), model()),
  example(
    'PUBLISHED_SCHEMA',
    {
      text: `gateways: {default: {port: 8080}}\n${model()}`,
      schema: 'schema.json',
      files: { 'schema.json': SCHEMA },
    },
    { text: model(), schema: 'schema.json', files: { 'schema.json': SCHEMA } },
  ),
]

function withPort(): string {
  return model().replace('llm:\n', 'llm:\n  port: 4000\n')
}
