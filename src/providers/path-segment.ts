import { TranslationError } from './fields.ts'

/** No name of a model has them; an upstream that undoes escapes before it looks at a path may take them for its own signs. */
const SIGN_OF_PATHS = /[?#\\%\p{Cc}\p{Cs}]/u

/** Whether a name leads nowhere else, escaped or not, where it stands in a path. */
export function isModelName(name: string): boolean {
  return (
    !name.split('/').some(part => part === '' || part === '.' || part === '..') && !SIGN_OF_PATHS.test(name)
  )
}

/** A model as one segment of a path; throws `TranslationError` where it could lead elsewhere. */
export function modelSegment(model: string): string {
  if (!isModelName(model)) throw new TranslationError('model', 'must be the name of a model.')
  return pathSegment(model)
}

/** A word of the config as one segment of a path. */
export function pathSegment(name: string): string {
  return encodeURIComponent(name).replaceAll('%3A', ':').replaceAll('%40', '@')
}
