// tsc emits code only; policy packs, registry data and SQL are files that the code reads beside itself.
import { cpSync } from 'node:fs'

cpSync('src', 'dist', { recursive: true, filter: (path) => !/\.ts$/.test(path) })
