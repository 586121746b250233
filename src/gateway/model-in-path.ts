/** Paths that name the model: what stands before it, the model, what stands behind it. */
const SHAPES: readonly RegExp[] = [
  /^(.*\/models\/)([^:]+)(:(?:streamGenerateContent|generateContent|countTokens))$/,
  /^(.*\/publishers\/[^/]+\/models\/)([^:]+)(:(?:streamRawPredict|rawPredict))$/,
  /^(.*\/model\/)([^/]+)(\/(?:invoke-with-response-stream|invoke|converse-stream|converse))$/,
]

/** A model name that cannot climb out of the path it is put into. */
function isSafe(name: string): boolean {
  return (
    !name.split('/').some(segment => segment === '' || segment === '.' || segment === '..') &&
    !/[?#\\]/.test(name)
  )
}

function partsOf(path: string): RegExpExecArray | undefined {
  for (const shape of SHAPES) {
    const found = shape.exec(path)
    if (found !== null) return found
  }
  return undefined
}

/** The model that the path names, for the API shapes that put it there (Gemini, Vertex, Bedrock). */
export function modelInPath(path: string): string | undefined {
  const name = partsOf(path)?.[2]
  if (name === undefined) return undefined
  try {
    const decoded = decodeURIComponent(name)
    return isSafe(decoded) ? decoded : undefined
  } catch {
    return undefined
  }
}

/** The path with another model in its place; a path that names none stays as it is. */
export function withModelInPath(path: string, model: string): string {
  const [, before, , behind] = partsOf(path) ?? []
  return before === undefined || behind === undefined
    ? path
    : before + model.split('/').map(encodeURIComponent).join('/') + behind
}
