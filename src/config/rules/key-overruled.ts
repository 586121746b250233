import type { FileRule } from './rule.ts'
import { authOf } from './scene-upstreams.ts'
import { pathKey, startsWith } from './tree.ts'
import { lineOf } from './words.ts'

/** A key that a stronger one always takes the place of: nothing is merged, the weaker one is not used at all. */
export const overruledKeys: FileRule = ({ scene, document, report }) => {
  const used = new Set<string>()
  for (const upstream of scene.upstreams) {
    const auth = authOf(upstream)
    if (auth !== undefined) used.add(pathKey(auth.path))
  }
  for (const upstream of scene.upstreams) {
    // The targets of one MCP backend are called by rules of their own.
    if (upstream.kind === 'mcp') continue
    const strongest = authOf(upstream)
    for (const { auth } of upstream.levels) {
      if (auth === undefined || strongest === undefined || used.has(pathKey(auth.path))) continue
      const beside = startsWith(strongest.path, auth.path.slice(0, -1))
      const winner = strongest.path.at(-1) === 'apiKey' ? '`params.apiKey`' : 'the one'
      report({
        code: 'KEY_OVERRULED',
        path: auth.path,
        at: 'key',
        message: `${winner} in ${lineOf(document, strongest.path)} is stronger${beside ? '' : ', as it stands closer to the call'}: this is never used`,
        hint: 'remove one of the two',
      })
    }
  }
}
