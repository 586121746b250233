/** A number as Rust's `rust_decimal` reads it, which agentgateway's prices are: with `_` behind digits, no power, no blank. */
const AMOUNT = /^\+?(\d[\d_]*)?(?:\.(\d[\d_]*)?)?$/

const MOST_DECIMALS = 6

/** What stands on both sides of the point of an amount of money; undefined for a text that is none, or is too fine. */
export function moneyDigits(text: string): { readonly whole: string; readonly decimals: string } | undefined {
  const [, before, behind] = AMOUNT.exec(text) ?? []
  if (before === undefined && behind === undefined) return undefined
  const decimals = behind?.replaceAll('_', '') ?? ''
  return decimals.length > MOST_DECIMALS ? undefined : { whole: before?.replaceAll('_', '') ?? '', decimals }
}
