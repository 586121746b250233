import type { Handler } from './handler.ts'
import { UnsignedInt } from './library.ts'
import { compare } from './operators.ts'

/** The largest (1) or smallest (-1) of the arguments, or of a list that is the only one. */
function extreme(wanted: 1 | -1): Handler {
  return (...values: unknown[]) => {
    const all = values.length === 1 && Array.isArray(values[0]) ? (values[0] as unknown[]) : values
    if (all.length === 0) return null
    return all.reduce((best, one) => (compare(best, one) * wanted > 0 ? best : one))
  }
}

/** The same, of numbers alone. */
function extremeNumber(wanted: 1 | -1): Handler {
  const choose = extreme(wanted) as (...values: unknown[]) => unknown
  return (...values: unknown[]) => {
    const all = values.length === 1 && Array.isArray(values[0]) ? (values[0] as unknown[]) : values
    if (all.length === 0 || !all.every(isNumber)) throw new TypeError('not numbers')
    return choose(...all)
  }
}

function isNumber(value: unknown): boolean {
  return typeof value === 'number' || typeof value === 'bigint' || value instanceof UnsignedInt
}

function abs(value: bigint): bigint {
  if (value === -(2n ** 63n)) throw new RangeError('integer overflow')
  return value < 0n ? -value : value
}

type Bits = (left: bigint, right: bigint) => bigint

function onBits(name: string, bits: Bits): [string, Handler][] {
  return [
    [`math_${name}(int, int): int`, (left: bigint, right: bigint) => BigInt.asIntN(64, bits(left, right))],
    [
      `math_${name}(uint, uint): uint`,
      (left: UnsignedInt, right: UnsignedInt) => new UnsignedInt(bits(left.value, right.value)),
    ],
    [
      `math_${name}(bytes, bytes): bytes`,
      (left: Uint8Array, right: Uint8Array) => bytesOf(bits, left, right),
    ],
    ...onNumberAndBytes(name, 'int', (number: bigint, bytes) => {
      if (number < 0n) throw new RangeError('bit operations with bytes take no number below 0')
      return BigInt.asIntN(64, bits(number, lowBits(bytes)))
    }),
    ...onNumberAndBytes(
      name,
      'uint',
      ({ value }: UnsignedInt, bytes) => new UnsignedInt(bits(value, lowBits(bytes))),
    ),
  ]
}

/** In either order. */
function onNumberAndBytes<T>(
  name: string,
  type: string,
  handler: (number: T, bytes: Uint8Array) => unknown,
): [string, Handler][] {
  return [
    [`math_${name}(${type}, bytes): ${type}`, handler],
    [`math_${name}(bytes, ${type}): ${type}`, (bytes: Uint8Array, number: T) => handler(number, bytes)],
  ]
}

/** The last eight bytes, as a number. */
function lowBits(bytes: Uint8Array): bigint {
  return numberOf(bytes.subarray(-8))
}

function numberOf(bytes: Uint8Array): bigint {
  return BigInt(`0x0${Buffer.from(bytes).toString('hex')}`)
}

const MOST_BYTES = 32

/** The shorter one is filled up with zeros in front. */
function bytesOf(bits: Bits, left: Uint8Array, right: Uint8Array): Uint8Array {
  const length = Math.max(left.length, right.length)
  if (length > MOST_BYTES) throw new RangeError('bit operations take at most 32 bytes')
  return Uint8Array.from(
    Buffer.from(
      bits(numberOf(left), numberOf(right))
        .toString(16)
        .padStart(length * 2, '0'),
      'hex',
    ),
  )
}

function shift(direction: 1n | -1n): (value: bigint, by: bigint) => bigint {
  return (value, by) => {
    if (by < 0n) throw new RangeError('a shift below 0')
    // All bits are out; and BigInt would take any number of them.
    if (by > 63n) return 0n
    const unsigned = BigInt.asUintN(64, value)
    return BigInt.asUintN(64, direction === 1n ? unsigned << by : unsigned >> by)
  }
}

function onShift(name: string, direction: 1n | -1n): [string, Handler][] {
  const shifted = shift(direction)
  return [
    [`math_${name}(int, int): int`, (value: bigint, by: bigint) => BigInt.asIntN(64, shifted(value, by))],
    [
      `math_${name}(uint, int): uint`,
      (value: UnsignedInt, by: bigint) => new UnsignedInt(shifted(value.value, by)),
    ],
  ]
}

/** agentgateway takes any number of them; the library wants a signature for each number. */
const MOST_ARGUMENTS = 16

/** `name(dyn, dyn): dyn` and the like, with that many arguments and more. */
export function withArguments(name: string, from: number, type = 'dyn'): string[] {
  return Array.from({ length: MOST_ARGUMENTS + 1 - from }, (_, at) => {
    return `${name}(${Array(from + at)
      .fill(type)
      .join(', ')}): dyn`
  })
}

function withNumbers(name: string, from: number, handler: Handler): [string, Handler][] {
  return withArguments(name, from).map(signature => [signature, handler])
}

export const NUMBER_FUNCTIONS: readonly (readonly [string, Handler])[] = [
  ...withNumbers('max', 0, extreme(1)),
  ...withNumbers('min', 0, extreme(-1)),
  ...withNumbers('math_greatest', 1, extremeNumber(1)),
  ...withNumbers('math_least', 1, extremeNumber(-1)),
  ['math_ceil(double): double', Math.ceil],
  ['math_floor(double): double', Math.floor],
  ['math_round(double): double', (value: number) => Math.sign(value) * Math.round(Math.abs(value))],
  ['math_trunc(double): double', Math.trunc],
  ['math_abs(double): double', Math.abs],
  ['math_abs(int): int', abs],
  ['math_abs(uint): uint', (value: UnsignedInt) => value],
  ['math_sign(double): double', Math.sign],
  ['math_sign(int): int', (value: bigint) => (value > 0n ? 1n : value < 0n ? -1n : 0n)],
  ['math_sign(uint): uint', (value: UnsignedInt) => new UnsignedInt(value.value > 0n ? 1n : 0n)],
  ['math_sqrt(double): double', Math.sqrt],
  ['math_sqrt(int): double', (value: bigint) => Math.sqrt(Number(value))],
  ['math_sqrt(uint): double', (value: UnsignedInt) => Math.sqrt(Number(value.value))],
  ['math_isNaN(double): bool', Number.isNaN],
  ['math_isInf(double): bool', (value: number) => Math.abs(value) === Number.POSITIVE_INFINITY],
  ['math_isFinite(double): bool', Number.isFinite],
  ...onBits('bitAnd', (left, right) => left & right),
  ...onBits('bitOr', (left, right) => left | right),
  ...onBits('bitXor', (left, right) => left ^ right),
  ['math_bitNot(int): int', (value: bigint) => ~value],
  ['math_bitNot(uint): uint', (value: UnsignedInt) => new UnsignedInt(BigInt.asUintN(64, ~value.value))],
  ...onShift('bitShiftLeft', 1n),
  ...onShift('bitShiftRight', -1n),
]
