/**
 * What a gateway of a cloud identifies itself by where the config gives no key, word of `ai.provider` → what that is.
 * The embedded gateway fetches none of them.
 */
export const IDENTITIES = {
  azure: 'a token of Microsoft Entra',
  vertex: 'an access token of Google Cloud',
  bedrock: 'requests signed with credentials of AWS',
} as const

export type WithIdentity = keyof typeof IDENTITIES

export function hasIdentity(word: unknown): word is WithIdentity {
  return typeof word === 'string' && Object.hasOwn(IDENTITIES, word)
}
