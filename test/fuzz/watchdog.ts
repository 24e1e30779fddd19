/* Ends a process that hangs in the middle of a call, where nothing else of it can. */
import { Worker } from 'node:worker_threads'

/** Nothing that is tried here takes as long, on the busiest machine. */
const LONGEST_MS = 120_000

const DOG = `
  const { workerData: { beats, longestMs } } = require('node:worker_threads')
  let last = -1
  setInterval(() => {
    const beat = Atomics.load(beats, 0)
    if (beat !== last) {
      last = beat
      return
    }
    require('node:fs').writeSync(2, 'The fuzz hangs: no input was done for ' + longestMs / 1000 + ' s.\\n')
    process.kill(process.pid, 'SIGKILL')
  }, longestMs)
`

/** Call it whenever something was done. */
export function startWatchdog(): () => void {
  const beats = new Int32Array(new SharedArrayBuffer(4))
  new Worker(DOG, { eval: true, workerData: { beats, longestMs: LONGEST_MS } }).unref()
  return () => void Atomics.add(beats, 0, 1)
}
