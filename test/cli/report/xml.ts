/** An element as a strict reader sees it; text between elements is joined. */
export interface XmlElement {
  readonly name: string
  readonly attributes: Readonly<Record<string, string>>
  readonly children: readonly XmlElement[]
  readonly text: string
}

const TOKEN = /<\?xml [^?]*\?>|<(\/?)([A-Za-z][\w.-]*)((?:\s+[\w:.-]+="[^"<]*")*)\s*(\/?)>|[^<]+/gy
const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

/** Reads as much of XML as reports are made of, and throws at anything else: a tag left open, a bare `<` or `&`. */
export function parseXml(text: string): XmlElement {
  type Open = { name: string; attributes: Record<string, string>; children: XmlElement[]; text: string }
  const root: Open = { name: '', attributes: {}, children: [], text: '' }
  const open: Open[] = [root]
  let at = 0
  for (const match of text.matchAll(TOKEN)) {
    if (match.index !== at) throw new Error(`not XML at ${at}`)
    at += match[0].length
    const [token, closing, name = '', listed = '', empty] = match
    const here = open.at(-1) ?? root
    if (token.startsWith('<?')) continue
    if (name === '') here.text += plain(token)
    else if (closing === '/') {
      if (open.pop()?.name !== name) throw new Error(`</${name}> closes nothing`)
    } else {
      const pairs = [...listed.matchAll(/([\w:.-]+)="([^"]*)"/g)]
      const keys = pairs.map(([, key = '']) => key)
      if (new Set(keys).size !== keys.length) throw new Error(`an attribute of <${name}> stands twice`)
      const attributes = Object.fromEntries(pairs.map(([, key = '', value = '']) => [key, plain(value)]))
      const element: Open = { name, attributes, children: [], text: '' }
      here.children.push(element)
      if (empty !== '/') open.push(element)
    }
  }
  const [element] = root.children
  if (at !== text.length || open.length !== 1 || element === undefined)
    throw new Error('XML that does not end')
  return element
}

function plain(text: string): string {
  return text.replace(
    /&(?:#(\d+)|(\w+));|&/g,
    (found, code: string | undefined, name: string | undefined) => {
      if (code !== undefined) return String.fromCodePoint(Number(code))
      const sign = name === undefined ? undefined : ENTITIES[name]
      if (sign === undefined) throw new Error(`${found} is no reference`)
      return sign
    },
  )
}
