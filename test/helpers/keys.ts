import { createHash } from 'node:crypto'

/** Values shaped like real keys, made from a word so that each test can tell its own; none was ever issued. */
export function keyLike(provider: 'openai' | 'anthropic' | 'gemini' | 'plain', word: string): string {
  const hex = createHash('sha512').update(word).digest('hex')
  switch (provider) {
    case 'openai':
      return `sk-proj-${hex.slice(0, 58)}T3BlbkFJ${hex.slice(58, 116)}`
    case 'anthropic':
      return `sk-ant-api03-${hex.slice(0, 93)}AA`
    case 'gemini':
      return `AIza${hex.slice(0, 35)}`
    case 'plain':
      return hex.slice(0, 40)
  }
}
