import { hash } from 'node:crypto'

const ALPHABET = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const MAGIC = '$apr1$'
const ROUNDS = 1000

/** Sixteen bytes, as a text. In one call: an object for each takes four times as long, and a password goes through a thousand. */
function md5(bytes: Uint8Array): string {
  return hash('md5', bytes, 'binary')
}

/** Six bits a letter, the lowest first. */
function letters(value: number, count: number): string {
  let text = ''
  for (let left = value, i = 0; i < count; i++, left >>>= 6) text += ALPHABET[left & 0x3f]
  return text
}

/** Which bytes of the digest make up four letters, the lowest byte last. */
const GROUPS: readonly (readonly [number, number, number])[] = [
  [0, 6, 12],
  [1, 7, 13],
  [2, 8, 14],
  [3, 9, 15],
  [4, 10, 5],
]

/** Apache's own MD5 hash of a password, `$apr1$salt$…`, the default of `htpasswd`. */
export function apr1(password: string, salt: string): string {
  const word = Buffer.from(password)
  const grain = Buffer.from(salt.slice(0, 8))
  const inner = Buffer.from(md5(Buffer.concat([word, grain, word])), 'binary')
  const first: Uint8Array[] = [word, Buffer.from(MAGIC), grain]
  for (let left = word.length; left > 0; left -= 16) first.push(inner.subarray(0, Math.min(16, left)))
  for (let bits = word.length; bits > 0; bits >>= 1) {
    first.push(bits & 1 ? Buffer.alloc(1) : word.subarray(0, 1))
  }
  let digest = md5(Buffer.concat(first))
  const mixed = Buffer.alloc(2 * word.length + grain.length + inner.length)
  for (let round = 0; round < ROUNDS; round++) {
    let end = round & 1 ? word.copy(mixed) : mixed.write(digest, 'binary')
    if (round % 3 !== 0) end += grain.copy(mixed, end)
    if (round % 7 !== 0) end += word.copy(mixed, end)
    end += round & 1 ? mixed.write(digest, end, 'binary') : word.copy(mixed, end)
    digest = md5(mixed.subarray(0, end))
  }
  const byte = (index: number): number => digest.charCodeAt(index)
  const text = GROUPS.map(([a, b, c]) => letters((byte(a) << 16) | (byte(b) << 8) | byte(c), 4)).join('')
  return `${MAGIC}${salt.slice(0, 8)}$${text}${letters(byte(11), 2)}`
}
