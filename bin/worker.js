import { runWorker } from '../bundle/serving/workers/worker.js'

// A terminal's Ctrl-C reaches all processes at once; the one above says when to end, once requests are through.
process.on('SIGINT', () => {})
process.on('SIGTERM', () => {})
runWorker({ stderr: process.stderr })
