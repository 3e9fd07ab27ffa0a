// Builds dist/: the modules, with the files that they read beside them, and the command line joined into a few files.
// Loading some four hundred modules one by one was half of the time of a short run (docs/decisions/0014-joined-command-line.md).
import { spawnSync } from 'node:child_process'
import { cpSync, readFileSync, rmSync } from 'node:fs'
import { relative, sep } from 'node:path'
import { build } from 'esbuild'

rmSync('dist', { recursive: true, force: true })
const tsc = spawnSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json'], {
  stdio: 'inherit',
})
if (tsc.status !== 0) process.exit(1)
// tsc emits code only; policy packs, registry data and SQL are files that the code reads beside itself.
cpSync('src', 'dist', { recursive: true, filter: (path) => !/\.ts$/.test(path) })

/** A module keeps its address: data files are read from beside it, and threads started. */
const addresses = {
  name: 'addresses',
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]dist[\\/].*\.js$/ }, ({ path }) => {
      const place = JSON.stringify(`./${relative('dist', path).replaceAll(sep, '/')}`)
      const text = readFileSync(path, 'utf8')
      return { contents: text.replaceAll('import.meta.url', `new URL(${place}, import.meta.url).href`), loader: 'js' }
    })
  },
}

await build({
  entryPoints: ['dist/main.js'],
  outdir: 'dist',
  chunkNames: 'main-[name]-[hash]',
  allowOverwrite: true,
  bundle: true,
  splitting: true,
  platform: 'node',
  format: 'esm',
  target: 'node20.19',
  packages: 'external',
  plugins: [addresses],
  logLevel: 'warning',
})
