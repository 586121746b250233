import type { SettingFlag } from './onboarding.ts'

/** What an answer says: its own setting, and what it tells of another. */
export type SettingAnswer = Readonly<Partial<Record<SettingFlag, string>>>

/** An Azure resource by its name, or by the address that Azure's pages show for it. */
const AZURE_RESOURCE =
  /^(?:https?:\/\/)?([a-z0-9][a-z0-9-]*)(?:\.(openai|services\.ai|cognitiveservices)\.azure\.com(?:[:/?#].*)?)?$/i

/** These end up in host names and paths. */
const NAMES: Readonly<Partial<Record<SettingFlag, RegExp>>> = {
  'vertex-project': /^[a-z0-9][a-z0-9.:-]*$/i,
  'vertex-region': /^[a-z0-9-]+$/i,
  'aws-region': /^[a-z0-9-]+$/i,
}

const REGION = 'letters, digits and dashes, as in'
const FORMS: Readonly<Partial<Record<SettingFlag, string>>> = {
  'azure-resource':
    'its name, of letters, digits and dashes, as in my-resource, or its address, as in https://my-resource.openai.azure.com',
  'vertex-project': 'its id, of letters, digits, dashes, dots and colons, as in my-project-123456',
  'vertex-region': `${REGION} europe-west1`,
  'aws-region': `${REGION} us-east-1`,
}

/** What fits as an answer, as a clause. */
export function settingForm(flag: SettingFlag): string {
  return FORMS[flag] ?? 'a name'
}

/** Reads what somebody gave for a setting; `undefined` where it cannot be one. */
export function settingAnswer(flag: SettingFlag, text: string): SettingAnswer | undefined {
  const answer = text.trim()
  if (flag !== 'azure-resource') return (NAMES[flag]?.test(answer) ?? true) ? { [flag]: answer } : undefined
  const [, name, domain] = AZURE_RESOURCE.exec(answer) ?? []
  if (name === undefined) return undefined
  return {
    [flag]: name,
    ...(domain?.toLowerCase() === 'services.ai' && { 'azure-resource-type': 'foundry' }),
  }
}
