import fc from 'fast-check'

type Text = fc.Arbitrary<string>

/** Mostly this, now and then one of those. */
const mostly = (usual: string | Text, weight: number, ...others: readonly string[]): Text =>
  fc.oneof(
    { arbitrary: typeof usual === 'string' ? fc.constant(usual) : usual, weight },
    { arbitrary: fc.constantFrom(...others), weight: 1 },
  )

const joined = (...parts: readonly (string | Text)[]): Text =>
  fc
    .tuple(...parts.map(part => (typeof part === 'string' ? fc.constant(part) : part)))
    .map(texts => texts.join(''))

const list = (one: Text, minLength: number, maxLength: number): Text =>
  fc.array(one, { minLength, maxLength }).map(texts => texts.join(''))

/** What ends a line, or nearly. */
const EOL = mostly(
  '\r\n',
  80,
  '\n',
  '\r',
  '\r\r\n',
  '\n\r',
  '\r\n\r\n',
  '\r\n ',
  '\r\n\t',
  ' \r\n',
  '\0\r\n',
  '',
)
const SPACE = mostly(' ', 80, '', '  ', '\t', '\x0b', '\x0c', '\xa0', '\0', '\r', '\n')
const BLANK = mostly(' ', 3, '', '\t', '  ', ' \t ', '\x0b', '\x0c')

const METHOD = mostly(
  fc.constantFrom('GET', 'POST', 'PUT', 'HEAD', 'OPTIONS', 'DELETE', 'PATCH'),
  30,
  ...'CONNECT TRACE QUERY M-SEARCH PROPFIND SOURCE PRI SETUP DESCRIBE FLUSH get Get FOO GETX GE'.split(' '),
  '',
  ' GET',
  '\tGET',
)

const TARGET = mostly(
  fc.constantFrom('/', '/a', '/a/b?c=d', '*', 'http://h/p?q', 'HTTPS://h:8443/'),
  8,
  ...'/a#b /# /?#?# ?a #a //a /\x80\xff /"<>\\^`{|} /%00%0d%0a /[ /;a=b /\x7f /\x01 h h:443 1:2 [::1]:443 http:// http:/a http:a http://h?q http://h#f http://u:p@h/ http://u@v@h/ http://[::1]/ http://h:x/ http://h\\a ftp://h/ a://h/ :/ * ** *a @ a@b +:// \x80'.split(
    ' ',
  ),
  '',
)

const VERSION = mostly(
  'HTTP/1.1',
  40,
  ...'HTTP/1.0 HTTP/1.0 HTTP/1.0 HTTP/0.9 HTTP/1.2 HTTP/2.0 HTTP/1. HTTP/1 HTTP/1.10 HTTP/11 HTTP/01.1 http/1.1 HTTP/1,1 ICE/1.0 RTSP/1.0'.split(
    ' ',
  ),
  '',
)

const COLON = mostly(joined(':', BLANK), 20, '', ' :', '\t: ', '::', ';', '=', ':\r\n ', ':\0')
const NAME = mostly(
  fc.constantFrom('host', 'x', 'Accept', 'cookie', 'set-cookie', 'user-agent', 'X-_.~!#$%&*+^`|', '0'),
  8,
  ...'content_length transfer_encoding Content-Length-X keep-alive te trailer proxy-connection __proto__ constructor x(y) x/y x@y x"y \xe9 \x01 \x7f content-encoding'.split(
    ' ',
  ),
  '',
  'x y',
  ' x',
  '\tx',
)
const VALUE = mostly(
  fc.constantFrom('', 'a', 'a b', 'a,b', '"q"', '\xe9\xff', 'a:b', 'a\tb'),
  12,
  'a\x7f',
  'a\x01b',
  'a\0b',
  'a\rb',
  'a\nb',
  'a\x0bb',
  ' a ',
  '\t',
  '\r\n a',
)
const FIELD = joined(NAME, COLON, VALUE, BLANK, EOL)

/**
 * Node takes a `Proxy-Connection`, which no RFC knows, for the same, and reads nothing behind a body whose head lists
 * `upgrade`, also where there is none; we do not.
 */
const CONNECTION = joined(
  fc.constantFrom('connection', 'Connection'),
  COLON,
  fc.constantFrom(
    'close',
    'Close',
    'keep-alive',
    'close, keep-alive',
    'x,close',
    'closed',
    ' ',
    'keep-alive,\tclose',
  ),
  EOL,
)
const OTHER = fc.oneof(
  CONNECTION,
  joined('expect', COLON, fc.constantFrom('100-continue', '100-Continue', 'x', ''), EOL),
  joined('upgrade', COLON, fc.constantFrom('h2c', 'x/1', ''), EOL),
)

const LENGTH_NAME = mostly(
  'content-length',
  8,
  'Content-Length',
  'CONTENT-LENGTH',
  'content-length ',
  'content_length',
  ' content-length',
)
const ODD_LENGTH = fc.constantFrom(
  ...'-1 +1 0x1 1e1 1.0 1,1 1;1 one 00 01 0000000000000000000001 9007199254740991 9007199254740993 18446744073709551615 18446744073709551617 99999999999999999999999'.split(
    ' ',
  ),
  '',
  '1 1',
  '1\t',
  '1\x0b',
  '1\0',
  '\x0b1',
)
const CODING_NAME = mostly(
  'transfer-encoding',
  10,
  'Transfer-Encoding',
  'transfer-encoding ',
  'transfer_encoding',
  'transfer-encodin',
)
const CODING = mostly(
  'chunked',
  6,
  'Chunked',
  'CHUNKED',
  'gzip, chunked',
  'gzip,chunked',
  'gzip\t,\tchunked',
  ',chunked',
  'chunked,',
  'chunked, gzip',
  'chunked, chunked',
  'chunked;q=1',
  'xchunked',
  'chunkedx',
  'chunked chunked',
  'gzip chunked',
  'identity',
  'gzip',
  '"chunked"',
  '\x0bchunked',
  'chunked\x0b',
  'chunked\0',
  '\r\n chunked',
  '',
)

const DATA = mostly(
  fc.constantFrom(
    'a',
    'hello',
    '0\r\n\r\n',
    'GET /smuggled HTTP/1.1\r\n\r\n',
    '\r\n',
    '\n',
    '\0\xff',
    'x'.repeat(40),
  ),
  20,
  '',
)

const EXTENSION = mostly(
  '',
  12,
  ';',
  ';a',
  ';a=b',
  ';a="b"',
  ';a="b;c"',
  ';a="b\\"c"',
  ';a="b',
  ';a=',
  ';=b',
  ';;',
  '; a',
  ' ;a',
  ';a ',
  ';a =b',
  ';a= b',
  ';a;b=c;d="e"',
  ';a=b"c"',
  ';a="b"c',
  ';\xe9',
  ';a=\xe9',
  ';a="\xe9\t"',
  ';a="\x7f"',
  ';a="\0"',
  ';a\0',
  ';a\n',
  ';a="\n"',
  ' ',
  '\t',
  ',a',
)

/** Of a size, as it might be written. */
const sizes = (size: number): Text => {
  const hex = size.toString(16)
  return mostly(
    hex,
    30,
    hex.toUpperCase(),
    `0${hex}`,
    `000000000000000${hex}`,
    `0x${hex}`,
    `+${hex}`,
    `-${hex}`,
    ` ${hex}`,
    `${hex} `,
    `${hex}\t`,
    `${hex}g`,
    `${hex}.`,
    '',
    'ffffffffffff',
    'fffffffffffffff',
    'ffffffffffffffff',
    '10000000000000000',
    String(size + 1),
  )
}
const CHUNK = DATA.chain(data => joined(sizes(data.length), EXTENSION, EOL, data, EOL))
const LAST = joined(mostly('0', 20, '00', '000000000000000000', '0 ', '', '0x0'), EXTENSION, EOL)
const TRAILER = fc.oneof(
  { arbitrary: fc.constantFrom('', 'x: y\r\n', 'X:\r\n', 'x: y\r\nz: \t\r\n'), weight: 12 },
  { arbitrary: FIELD, weight: 2 },
  {
    arbitrary: fc.constantFrom(
      'content-length: 5\r\n',
      'transfer-encoding: chunked\r\n',
      'host: b\r\n',
      ' x\r\n',
    ),
    weight: 1,
  },
)
const CHUNKS = joined(list(CHUNK, 0, 3), LAST, TRAILER, EOL)

/** Lines that tell of a body, and that body. */
const FRAMED: fc.Arbitrary<readonly [lines: string, body: string]> = fc.oneof(
  { arbitrary: fc.constant(['', ''] as const), weight: 4 },
  {
    arbitrary: DATA.chain(data =>
      fc.tuple(joined(LENGTH_NAME, COLON, String(data.length), BLANK, EOL), fc.constant(data)),
    ),
    weight: 4,
  },
  { arbitrary: fc.tuple(joined(CODING_NAME, COLON, CODING, BLANK, EOL), CHUNKS), weight: 6 },
  { arbitrary: fc.tuple(joined(LENGTH_NAME, COLON, ODD_LENGTH, EOL), DATA), weight: 1 },
  {
    arbitrary: fc.tuple(
      list(
        fc.oneof(
          joined(LENGTH_NAME, COLON, fc.constantFrom('0', '5', '6'), EOL),
          joined(CODING_NAME, COLON, CODING, EOL),
        ),
        2,
        2,
      ),
      fc.oneof(DATA, CHUNKS),
    ),
    weight: 2,
  },
)

const REQUEST = FRAMED.chain(([lines, body]) =>
  joined(
    mostly('', 12, '\r\n', '\r\n\r\n', '\n', '\r', ' ', '\0', '\r\r\n'),
    METHOD,
    SPACE,
    TARGET,
    SPACE,
    VERSION,
    EOL,
    list(fc.oneof({ arbitrary: FIELD, weight: 3 }, { arbitrary: OTHER, weight: 1 }), 0, 3),
    lines,
    list(FIELD, 0, 1),
    EOL,
    body,
  ),
)

const BYTE = fc.oneof(
  fc.constantFrom(...'\r\n\t\0 :;,"#?/\x7f\x80\xff0af'),
  fc.integer({ min: 0, max: 255 }).map(code => String.fromCharCode(code)),
)

/** A change at a place, as a part of the whole. */
const CHANGE = fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.integer({ min: 0, max: 4 }), BYTE)

/** With a few bytes of it changed, now and then. */
const changed = (text: Text): Text =>
  fc
    .tuple(
      text,
      fc.oneof(
        { arbitrary: fc.constant([]), weight: 3 },
        { arbitrary: fc.array(CHANGE, { minLength: 1, maxLength: 2 }), weight: 1 },
      ),
    )
    .map(([whole, changes]) =>
      changes.reduce((before, [part, removed, byte]) => {
        const at = Math.floor(part * before.length)
        return (
          before.slice(0, at) + (removed === 4 ? '' : byte) + before.slice(at + (removed > 2 ? 1 : removed))
        )
      }, whole),
    )

/** What a client may send that knows HTTP/1.1, or nearly, or means harm: one byte a character. */
export const SENT: Text = changed(list(REQUEST, 1, 3))

const STATUS = mostly(
  fc.constantFrom('200', '201', '204', '206', '304', '400', '404', '429', '500', '503'),
  12,
  ...'100 102 103 101 199 600 999 099 20 2000 2x0 +200 -1'.split(' '),
  '',
)
const REASON = mostly(
  fc.constantFrom(' OK', ' Not Found', ' ', '', ' \xe9', ' a\tb'),
  12,
  ' \x7f',
  ' a\0',
  'OK',
  '\t',
)

const HINT = joined(
  'keep-alive',
  COLON,
  fc.constantFrom('timeout=5', 'timeout=1, max=3', 'timeout', 'x'),
  EOL,
)

const ANSWER = FRAMED.chain(([lines, body]) =>
  joined(
    VERSION,
    SPACE,
    STATUS,
    REASON,
    EOL,
    list(
      fc.oneof(
        { arbitrary: FIELD, weight: 3 },
        { arbitrary: CONNECTION, weight: 1 },
        { arbitrary: HINT, weight: 1 },
      ),
      0,
      3,
    ),
    lines,
    list(FIELD, 0, 1),
    EOL,
    body,
  ),
)

/** What an upstream may answer one request with; several answers are too many. */
export const ANSWERED: Text = changed(
  joined(
    mostly('', 8, 'HTTP/1.1 103 Early Hints\r\nlink: a\r\n\r\n', 'HTTP/1.1 102 \r\n\r\n', '\r\n'),
    list(ANSWER, 1, 2),
  ),
)
