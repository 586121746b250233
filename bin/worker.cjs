// No module of ECMAScript: Node reads those later than the first failure of the channel can come.
const cluster = require('node:cluster')

// A terminal's Ctrl-C reaches all processes at once; the one above says when to end, once requests are through.
process.on('SIGINT', () => {})
process.on('SIGTERM', () => {})
// When that one is gone, what is sent to it fails, and the end of the channel ends this process.
cluster.worker?.on('error', () => {})
// All is told by then; what a collector has not answered would hold it.
cluster.worker?.once('disconnect', () => process.exit())

void import('../bundle/serving/workers/worker.js').then(({ runWorker }) =>
  runWorker({ stderr: process.stderr }),
)
