const PUBLISHED = /\/publishers\/[^/]+\/models\/([^:]+):(?:streamRawPredict|rawPredict)$/
const NATIVE = /\/models\/([^:]+):(?:streamGenerateContent|generateContent|countTokens)$/
const BEDROCK = /\/model\/([^/]+)\/(?:invoke-with-response-stream|invoke|converse-stream|converse)$/

/** A model name that cannot climb out of the path it is put into. */
function isSafe(name: string): boolean {
  return (
    !name.split('/').some(segment => segment === '' || segment === '.' || segment === '..') &&
    !/[?#\\]/.test(name)
  )
}

/** The model that the path names, for the API shapes that put it there (Gemini, Vertex, Bedrock). */
export function modelInPath(path: string): string | undefined {
  const found = NATIVE.exec(path) ?? PUBLISHED.exec(path) ?? BEDROCK.exec(path)
  if (found?.[1] === undefined) return undefined
  try {
    const name = decodeURIComponent(found[1])
    return isSafe(name) ? name : undefined
  } catch {
    return undefined
  }
}
