import { Flags, type Interfaces } from '@oclif/core'
import { type CheckOptions, publishedSchema } from '../checking/check.ts'
import { writeFlags } from './flags.ts'
import { FORMATS } from './report/validate.ts'

/** The flags of `agw validate`. */
export const validateFlags = {
  format: Flags.string({
    summary: 'How the findings are printed; --json is json.',
    options: [...FORMATS],
    default: 'text',
    env: 'AGW_FORMAT',
  }),
  strict: Flags.boolean({ summary: 'Warnings count as errors.', env: 'AGW_STRICT' }),
  'max-warnings': Flags.integer({
    summary: 'More warnings than this count as an error.',
    helpValue: 'N',
    min: 0,
    env: 'AGW_MAX_WARNINGS',
  }),
  'no-secrets': Flags.boolean({
    summary:
      'Do not look at keys: shape only, no variable needs to be set. A key in the config itself is told.',
    env: 'AGW_NO_SECRETS',
  }),
  online: Flags.boolean({
    summary: 'Ask each provider, by a call that is not billed, whether its key works.',
    exclusive: ['no-secrets'],
    env: 'AGW_ONLINE',
  }),
  engine: Flags.string({
    summary: 'Which gateway will run it; for embedded, what it does not run is an error.',
    options: ['embedded', 'agentgateway'],
    env: 'AGW_ENGINE',
  }),
  schema: Flags.string({
    summary: 'Check against a published agentgateway schema too: a file, or an https URL.',
    helpValue: 'PATH|URL',
    env: 'AGW_SCHEMA',
  }),
  fix: Flags.boolean({
    summary:
      'Mend what is certain: quotes, dollar signs, plain virtual keys, file modes. Shows the diff first.',
    env: 'AGW_FIX',
  }),
  ...writeFlags,
}

/** How those flags want a config to be checked. Throws USAGE and UPSTREAM_FAILED for a schema that cannot be read. */
export async function checkOptions(
  flags: Interfaces.InferredFlags<typeof validateFlags>,
  cwd: string,
): Promise<CheckOptions> {
  return {
    secrets: !flags['no-secrets'],
    engine: flags.engine as CheckOptions['engine'],
    online: flags.online ? {} : undefined,
    published: await publishedSchema(flags.schema, cwd),
  }
}
