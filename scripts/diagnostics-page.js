// Writes docs/diagnostics.md from the table of codes and its examples: `npm run docs`, after a build.
import { writeFileSync } from 'node:fs'
import { diagnosticsPage } from '../dist/cli/report/diagnostics-page.js'
import { CODES } from '../dist/config/codes.js'
import { explain } from '../dist/explain.js'

const explanations = []
for (const code of Object.keys(CODES)) explanations.push(await explain(code, process.env.PATH))
writeFileSync(new URL('../docs/diagnostics.md', import.meta.url), diagnosticsPage(explanations))
