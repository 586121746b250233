/** One thing that was looked at. Holds no value. */
export interface Finding {
  /** What it is about: `node`, `config`, `key openai`, … */
  readonly about: string
  readonly state: 'ok' | 'note' | 'warning' | 'error'
  /** What is so, as a clause. */
  readonly detail: string
  /** What to do; empty where nothing is to be done. */
  readonly hint: string
}

export function finding(about: string, state: Finding['state'], detail: string, hint = ''): Finding {
  return { about, state, detail, hint }
}
