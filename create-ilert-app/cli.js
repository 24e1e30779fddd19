#!/usr/bin/env node
import { command } from './create.js'

process.exitCode = command(process.argv.slice(2), { out: console.log, err: console.error })
