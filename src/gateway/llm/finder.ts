/** What one rule of a guard looks for. */
export interface Finder {
  finds(text: string): boolean
  /** The text with every find masked; the same text where there is none. */
  mask(text: string): string
}
