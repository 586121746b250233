#!/usr/bin/env node
import { execute, settings } from '@oclif/core'

// oclif would look for TypeScript sources and fall back in silence; what runs is what was built.
settings.enableAutoTranspile = false

await execute({ dir: import.meta.url })
