import { CelProblem } from './cel-tokens.ts'

const LARGEST = 2n ** 63n

/** A text as it is written. Throws {@link CelProblem} for one with an escape that stands for nothing. */
export function checkedText(source: string): string {
  const raw = /^[bB]?[rR]/.test(source)
  if (!raw && /\\(?:X|u[dD][89a-fA-F]|U(?!0010|000[0-9a-fA-F]))/.test(source.replaceAll('\\\\', ''))) {
    throw new CelProblem(
      'a text in it has an escape that stands for no character',
      'write the character itself',
    )
  }
  return source
}

/** Throws {@link CelProblem} for a number that CEL has no type for. */
export function checkNumber(text: string): void {
  const digits = text.replace(/[uU]$/, '')
  const whole = /^(?:\d+|0x[0-9a-fA-F]+)$/.test(digits)
  const limit = digits === text ? LARGEST : 2n * LARGEST - 1n
  if (whole ? BigInt(digits) > limit : !Number.isFinite(Number(digits))) {
    throw new CelProblem('a number in it is too large', 'write a number of at most 64 bits')
  }
}
