import { runReader } from '../bundle/serving/reading/thread.js'

runReader()
