import { Flags } from '@oclif/core'

/** The flags of `agw keys scan`. */
export const scanFlags = {
  format: Flags.string({
    summary: 'How the findings are printed; --json is json.',
    options: ['text', 'json', 'github', 'sarif'],
    default: 'text',
    env: 'AGW_SCAN_FORMAT',
  }),
  history: Flags.boolean({
    summary: 'Look into everything that git keeps, as it does unless --no-history.',
    default: true,
    allowNo: true,
    env: 'AGW_SCAN_HISTORY',
  }),
  staged: Flags.boolean({
    summary: 'Look only into what the next commit takes in, as for a pre-commit hook.',
    exclusive: ['shell-history'],
    env: 'AGW_SCAN_STAGED',
  }),
  'shell-history': Flags.boolean({
    summary: 'Look into what your shells remember.',
    env: 'AGW_SCAN_SHELL_HISTORY',
  }),
  baseline: Flags.string({
    summary: 'Leave out the findings that this file lists.',
    helpValue: 'FILE',
    env: 'AGW_SCAN_BASELINE',
    exclusive: ['write-baseline'],
  }),
  'write-baseline': Flags.string({
    summary: 'Write the findings into a file, as known ones; no key is in it.',
    helpValue: 'FILE',
    env: 'AGW_SCAN_WRITE_BASELINE',
  }),
}
