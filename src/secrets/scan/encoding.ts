/** The first bytes of gzip, zip, xz, bzip2, Zstandard and 7z. */
const PACKED = ['1f8b08', '504b0304', 'fd377a585a00', '425a68', '28b52ffd', '377abcaf271c'].map(hex =>
  Buffer.from(hex, 'hex'),
)
/** How much tells the encoding. Bytes. */
const SAMPLE = 4096

/** Whether bytes start as those of a compressed file or an archive. */
export function isCompressed(start: Buffer): boolean {
  return PACKED.some(magic => start.subarray(0, magic.length).equals(magic))
}

/**
 * Decodes a text piece by piece, in the encoding that its first bytes tell: UTF-16 by its mark or its zeros, else UTF-8,
 * and byte by byte from where it is none of them.
 */
export function decoderOf(start: Buffer): (bytes: Buffer, last: boolean) => string {
  const label = encodingOf(start)
  const decoder = new TextDecoder(label, { fatal: label === 'utf-8' })
  let isText = true
  return (bytes, last) => {
    try {
      if (isText) return decoder.decode(bytes, { stream: !last })
    } catch {
      isText = false
    }
    return bytes.toString('latin1')
  }
}

function encodingOf(start: Buffer): 'utf-8' | 'utf-16le' | 'utf-16be' {
  if (start[0] === 0xff && start[1] === 0xfe) return 'utf-16le'
  if (start[0] === 0xfe && start[1] === 0xff) return 'utf-16be'
  const sample = start.subarray(0, SAMPLE)
  if (!sample.includes(0)) return 'utf-8'
  const zeros = [0, 0]
  for (let at = 0; at < sample.length; at += 1) if (sample[at] === 0) zeros[at % 2] = (zeros[at % 2] ?? 0) + 1
  const [even = 0, odd = 0] = zeros
  // Latin letters have a zero in every pair; what is no text has them anywhere.
  const most = sample.length / 2 / 2
  if (odd > most && even * 10 < odd) return 'utf-16le'
  if (even > most && odd * 10 < even) return 'utf-16be'
  return 'utf-8'
}
