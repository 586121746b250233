#!/usr/bin/env node
import { main } from '../bundle/cli/main.js'

await main(import.meta.url)
