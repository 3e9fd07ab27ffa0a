// Builds dist/: the modules, with the files that they read beside them, and the command line joined into a few files.
// Loading some four hundred modules one by one was half of the time of a short run (docs/decisions/0014-joined-command-line.md).
import { spawnSync } from 'node:child_process'
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import { build } from 'esbuild'
import { ExportedNumbers, inline, readersOf } from './inline.mjs'
import { tellOffsets } from './offsets.mjs'

rmSync('dist', { recursive: true, force: true })
const tsc = spawnSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json'], {
  stdio: 'inherit',
})
if (tsc.status !== 0) process.exit(1)
// tsc emits code only; policy packs, registry data and SQL are files that the code reads beside itself.
cpSync('src', 'dist', { recursive: true, filter: (path) => !/\.ts$/.test(path) })

const modules = readdirSync('dist', { recursive: true, withFileTypes: true })
  .filter(({ name }) => name.endsWith('.js'))
  .map(({ name, parentPath }) => join(parentPath, name))
const texts = new Map(modules.map((path) => [path, readFileSync(path, 'utf8')]))
const readers = readersOf('dist/core/bytes.js')
const numbers = new ExportedNumbers((path) => texts.get(path) ?? null)
for (const [path, text] of texts) writeFileSync(path, tellOffsets(path, inline(path, text, readers, numbers)))

/** Threads. Each is joined as the command line is, and lies where its module was. */
const THREADS = ['cli/capture-worker', 'cli/replay-worker']

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

/** JavaScript alone, and needed by whoever waits for a command to start: a hundred files less to find and to read. */
const JOINED = ['commander', 'yaml', 'zod']
const { dependencies, optionalDependencies } = JSON.parse(readFileSync('package.json', 'utf8'))
const apart = Object.keys({ ...dependencies, ...optionalDependencies }).filter((name) => !JOINED.includes(name))

await build({
  // All side by side: an address that a module had is told from there.
  entryPoints: {
    main: 'dist/main.js',
    ...Object.fromEntries(THREADS.map((thread) => [`main-${thread.replace('/', '-')}`, `dist/${thread}.js`])),
  },
  outdir: 'dist',
  chunkNames: 'main-[name]-[hash]',
  allowOverwrite: true,
  bundle: true,
  splitting: true,
  platform: 'node',
  format: 'esm',
  target: 'node20.19',
  external: apart.flatMap((name) => [name, `${name}/*`]),
  plugins: [addresses],
  // Two of them are CommonJS, and ask for Node's own modules by it.
  banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
  logLevel: 'warning',
})

for (const thread of THREADS) writeFileSync(`dist/${thread}.js`, `import '../main-${thread.replace('/', '-')}.js'\n`)

// Their licences ask to go where their code goes.
const licence = (name) => `${name}\n\n${readFileSync(`node_modules/${name}/LICENSE`, 'utf8').trim()}\n`
writeFileSync('dist/LICENSES', JOINED.map(licence).join('\n\n'))
