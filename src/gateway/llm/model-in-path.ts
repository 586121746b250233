import { isModelName } from '../../providers/index.ts'
import { plainPath } from '../routing/plain-path.ts'

/** What stands before a model, the model, what stands behind it. */
type Parts = readonly [before: string, model: string, behind: string]

/**
 * Paths that name the model. Whatever is asked of the model: an upstream may know more verbs than are known here. None takes
 * more than a few looks at each character: a client may make a path of nothing but beginnings.
 */
const SHAPES: readonly ((path: string) => Parts | undefined)[] = [
  beforeVerb,
  path => bySegments(/^(.*\/model\/)([^/]+)(\/[^/]+)$/i, path),
  path => bySegments(/^(.*\/(?:deployments|engines)\/)([^/]+)(\/.+)$/i, path),
]

const COLLECTION = /\/(?:models|tunedModels|endpoints)(?=\/)/gi

/** `…/models/MODEL:verb`, where the model may hold slashes and no colon. */
function beforeVerb(path: string): Parts | undefined {
  const colon = path.lastIndexOf(':')
  if (colon < 0 || !/^:[A-Za-z]+$/.test(path.slice(colon))) return undefined
  let start = -1
  for (const { 0: collection, index } of path.slice(0, colon).matchAll(COLLECTION)) {
    const behind = index + collection.length + 1
    if (behind < colon) start = behind
  }
  if (start <= path.lastIndexOf(':', colon - 1)) return undefined
  return [path.slice(0, start), path.slice(start, colon), path.slice(colon)]
}

function bySegments(shape: RegExp, path: string): Parts | undefined {
  const [, before, model, behind] = shape.exec(path) ?? []
  return before === undefined || model === undefined || behind === undefined
    ? undefined
    : [before, model, behind]
}

function partsOf(path: string): Parts | undefined {
  for (const shape of SHAPES) {
    const found = shape(path)
    if (found !== undefined) return found
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
  const name = decoded(partsOf(path)?.[1] ?? '')
  return name !== undefined && isModelName(name) ? name : undefined
}

/** Whether a path names a model to an upstream that reads it in another spelling, or two, or none that can be told here. */
export function hidesModel(path: string): boolean {
  if (partsOf(path) !== undefined) return modelInPath(path) === undefined || isAmbiguous(path)
  return partsOf(plainPath(path)) !== undefined
}

function isAmbiguous(path: string): boolean {
  return SHAPES.filter(shape => shape(path) !== undefined).length > 1
}

/** The path with another model in its place; a path that names none stays as it is. */
export function withModelInPath(path: string, model: string): string {
  const [before, , behind] = partsOf(path) ?? []
  return before === undefined || behind === undefined
    ? path
    : before + model.split('/').map(encodeURIComponent).join('/') + behind
}
