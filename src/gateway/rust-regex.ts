/** Rust's dialect → JavaScript's, for what differs in spelling only. */
const SPELLINGS: readonly (readonly [RegExp, string])[] = [
  [/\(\?P</g, '(?<'],
  [/\\A/g, '^'],
  [/\\z/g, '$'],
  [/\\x\{([0-9A-Fa-f]+)\}/g, '\\u{$1}'],
]

/**
 * A regular expression of the config, in Rust's dialect. Flags may only stand in front: JavaScript has no others on
 * Node 20. Throws SyntaxError for one that cannot be said in JavaScript.
 */
export function javascriptRegex(written: string, more: string): RegExp {
  const inline = /^\(\?([isu]+)\)/.exec(written)
  let source = written.slice(inline?.[0].length ?? 0)
  for (const [rust, javascript] of SPELLINGS) source = source.replace(rust, javascript)
  const flags = new Set((inline?.[1] ?? '').replace('u', '') + more)
  // Only this flag gives \p{…} and \u{…} their meaning; without it escapes are read as generously as Rust does.
  if (/\\[pPu]\{/.test(source)) flags.add('u')
  return new RegExp(source, [...flags].join(''))
}
