import { isModelName } from '../../providers/index.ts'
import { plainPath } from '../routing/plain-path.ts'

/**
 * Paths that name the model: what stands before it, the model, what stands behind it. Whatever is asked of the model: an
 * upstream may know more verbs than are known here.
 */
const SHAPES: readonly RegExp[] = [
  /^(.*\/(?:models|tunedModels|endpoints)\/)([^:]+)(:[A-Za-z]+)$/i,
  /^(.*\/model\/)([^/]+)(\/[^/]+)$/i,
  /^(.*\/(?:deployments|engines)\/)([^/]+)(\/.+)$/i,
]

function partsOf(path: string): RegExpExecArray | undefined {
  for (const shape of SHAPES) {
    const found = shape.exec(path)
    if (found !== null) return found
  }
  return undefined
}

/** Without escapes; undefined where they are none. */
function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}

/** The model that the path names, for the API shapes that put it there (Gemini, Vertex, Bedrock, Azure, and OpenAI of old). */
export function modelInPath(path: string): string | undefined {
  const name = decoded(partsOf(path)?.[2] ?? '')
  return name !== undefined && isModelName(name) ? name : undefined
}

/** Whether a path names a model to an upstream that reads it in another spelling, or two, or none that can be told here. */
export function hidesModel(path: string): boolean {
  if (partsOf(path) !== undefined) return modelInPath(path) === undefined || isAmbiguous(path)
  return partsOf(plainPath(path)) !== undefined
}

function isAmbiguous(path: string): boolean {
  return SHAPES.filter(shape => shape.test(path)).length > 1
}

/** The path with another model in its place; a path that names none stays as it is. */
export function withModelInPath(path: string, model: string): string {
  const [, before, , behind] = partsOf(path) ?? []
  return before === undefined || behind === undefined
    ? path
    : before + model.split('/').map(encodeURIComponent).join('/') + behind
}
