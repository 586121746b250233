import { type CodeRows, note, warning } from './row.ts'

/** Expressions and text. */
export const TEXT = {
  UNKNOWN_FUNCTION: warning(
    'function that agentgateway does not have, or not in this form',
    'It is looked up when the expression is evaluated, which then fails; a rule that fails counts as false. Some functions work on what stands in front of them, others on their arguments.',
  ),
  UNKNOWN_NAME: warning(
    'name that no request has',
    'It is looked up when the expression is evaluated, which then fails; a rule that fails counts as false.',
  ),
  UNREADABLE_LABEL: warning(
    'label that Prometheus cannot read',
    'A page of metrics is read as a whole: with this label in it, no metric arrives.',
  ),
  UNKNOWN_METRIC: warning(
    'removal of a metric that is not there',
    'Nothing is left out, and the metric that was meant is told as before.',
  ),
  VARIABLE_CHANGES_YAML: warning(
    'variable whose value changes the file',
    'agentgateway puts the value into the text before it reads YAML, so what is in it counts as YAML.',
  ),
  VARIABLE_EMPTY: warning(
    'variable that is set to nothing',
    'An empty variable counts as set: no default steps in, and nothing stands where a value should.',
  ),
  DEPRECATED: note('older place', 'It works as before, and may be gone in a later version.'),
  RELATIVE_FILE: note(
    'file path without a start',
    'It is looked for from the folder agentgateway is started in, which a service or container chooses.',
  ),
} as const satisfies CodeRows

/** What only one of the gateways runs. */
export const ENGINE = {
  NOT_RUN_HERE: {
    severity: 'unsupported-here',
    title: 'not run by agw serve',
    why: 'The agentgateway binary runs it; the embedded gateway does not.',
  },
} as const satisfies CodeRows
