import { moneyDigits } from '../../config/money-text.ts'

/** 10^-12 dollars. The finest price, a millionth of a dollar per million tokens, is one of them per token. */
export type Picodollars = bigint

const DIGITS = 12
export const PER_DOLLAR = 10 ** DIGITS

/** `0.075`, with no more digits than it takes. */
export function dollars(amount: Picodollars): string {
  const text = amount.toString().padStart(DIGITS + 1, '0')
  const rest = text.slice(-DIGITS).replace(/0+$/, '')
  const whole = text.slice(0, -DIGITS)
  return rest === '' ? whole : `${whole}.${rest}`
}

/** Dollars per million tokens, as text with up to six decimals → picodollars per token; undefined for any other text. */
export function perToken(price: string): Picodollars | undefined {
  const digits = moneyDigits(price)
  return digits && BigInt(digits.whole + digits.decimals.padEnd(6, '0'))
}
