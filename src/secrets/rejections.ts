/** Why a value is certainly not a key. */
export type RejectReason =
  | 'empty'
  | 'too-long'
  | 'byte-order-mark'
  | 'zero-width'
  | 'bearer-prefix'
  | 'assignment'
  | 'wrapping-quotes'
  | 'line-break'
  | 'unexpanded-reference'
  | 'address'
  | 'placeholder'
  | 'aws-doc-example'
  | 'masked-copy'
  | 'whitespace'
  | 'control-character'
  | 'non-latin1'

export interface Rejection {
  readonly reason: RejectReason
  readonly message: string
  readonly hint: string
  test(value: string): boolean
}

/** Longer values are not keys. Bytes. */
const MAX_KEY_BYTES = 16 * 1024

const PLACEHOLDER =
  /^(?:changeme|your[-_ ]?(?:api[-_ ]?)?key.*|xxx+|todo|placeholder|dummy|example|test|none|null|undefined|sk-(?:x{4,}|\.{3}|1234).*|<.*>)$/i
const REFERENCE =
  /^(?:\$\{[^}]+\}|\$[A-Z_][A-Z0-9_]*|op:\/\/.*|infisical:\/\/.*|vault:.*|arn:aws:secretsmanager:.*|encrypted:.*|ENC\[.*)$/

/** A name as `.env` has them, and something behind it: a key in base64 may end with equals signs, but with nothing else. */
const ASSIGNMENT = /^(?:export\s+)?[A-Z][A-Z0-9]*_[A-Z0-9_]*\s*=\s*[^=\s]/

/** The first that applies is told: the cause comes before its symptoms. */
export const REJECTIONS: readonly Rejection[] = [
  rejection('empty', 'the key is empty', 'paste the key, or pipe it in', value => value.trim() === ''),
  rejection(
    'too-long',
    'this is longer than 16 KiB',
    'a key is one short line: was a whole file given?',
    value => Buffer.byteLength(value) > MAX_KEY_BYTES,
  ),
  rejection(
    'byte-order-mark',
    'the key starts with a byte order mark, which an editor has put there',
    'save the file as UTF-8 without BOM, or paste the key instead',
    value => value.startsWith('\ufeff'),
  ),
  rejection(
    'bearer-prefix',
    'the key starts with "Bearer "',
    'leave that word out: the gateway adds it',
    value => /^bearer\s/i.test(value),
  ),
  rejection(
    'assignment',
    'this is a whole line of a .env file: a name, an equals sign and the key',
    'give only what stands behind the equals sign',
    value => ASSIGNMENT.test(value),
  ),
  rejection('wrapping-quotes', 'the key stands in quotes', 'leave the quotes out', value =>
    /^(?:(["'`]).*\1|[\u2018\u201c\u00ab].*[\u2019\u201d\u00bb])$/s.test(value),
  ),
  rejection(
    'unexpanded-reference',
    'this is a reference to a secret, not the secret',
    'give the value it stands for; a variable is read with --from-env NAME',
    value => REFERENCE.test(value),
  ),
  rejection(
    'address',
    'this is an address, not a key',
    'give the key itself, as its provider shows it once, when it is made',
    value => /^[a-z][a-z\d+.-]*:\/\//i.test(value),
  ),
  rejection(
    'masked-copy',
    'this is a masked copy of a key: a part of it is hidden',
    'copy the whole key where it is shown once, when it is made; else make a new one',
    value => /\*{3,}|…|•{3,}|\.{3}/.test(value),
  ),
  rejection(
    'placeholder',
    'this is a placeholder, not a key',
    'give the real key; for a server that needs none, leave the key out of the config',
    value => PLACEHOLDER.test(value),
  ),
  rejection(
    'aws-doc-example',
    "this is the example key of AWS's documentation",
    'give a key of your own account',
    value => value === 'AKIAIOSFODNN7EXAMPLE',
  ),
  rejection(
    'line-break',
    'the key holds a line break',
    'give one line; was the key wrapped when it was copied, or are there two keys?',
    value => /[\r\n\u2028\u2029]/.test(value),
  ),
  rejection(
    'zero-width',
    'the key holds an invisible character, as copied from a web page',
    'copy the key as plain text',
    value => /[\u200b-\u200f\u2060\ufeff]/.test(value),
  ),
  rejection(
    'whitespace',
    'the key holds white space',
    'copy the key alone, without anything around it',
    value => /\s/.test(value),
  ),
  rejection('control-character', 'the key holds a control character', 'copy the key as plain text', value =>
    /[\u0000-\u001f\u007f]/.test(value),
  ),
  rejection(
    'non-latin1',
    'the key holds a character that no HTTP header can carry',
    'copy the key as plain text: a dash or a quote may have been prettified',
    value => /[^\u0000-\u00ff]/.test(value),
  ),
]

function rejection(
  reason: RejectReason,
  message: string,
  hint: string,
  test: (value: string) => boolean,
): Rejection {
  return { reason, message, hint, test }
}
