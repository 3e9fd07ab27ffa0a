/** dist/ as `npm run build` makes it: which packages are joined in, and their licences beside them. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { expect, it } from 'vitest'

const why = existsSync('dist/main.js') ? '' : ' (needs npm run build)'
const JOINED = ['commander', 'yaml', 'zod']

const packageOf = (specifier: string): string =>
  specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')

it.skipIf(why !== '')(`joins three packages in, and asks for no other that is not a dependency${why}`, () => {
  const { dependencies, optionalDependencies } = JSON.parse(readFileSync('package.json', 'utf8'))
  const files = readdirSync('dist').filter((name) => /^main.*\.js$/.test(name))
  const specifiers = files.flatMap((name) =>
    [
      ...readFileSync(`dist/${name}`, 'utf8').matchAll(
        /^(?:import|\} from|export .* from) ?(?:.* from )?"([^"]+)";$/gm,
      ),
    ].map(([, specifier = '']) => specifier),
  )
  const asked = new Set(specifiers.filter((one) => !/^(\.|node:)/.test(one)).map(packageOf))
  for (const name of builtinModules) asked.delete(name)
  expect([...asked].filter((name) => JOINED.includes(name))).toEqual([])
  expect(asked.size).toBeGreaterThan(3)
  const known = Object.keys({ ...dependencies, ...optionalDependencies })
  expect([...asked].filter((name) => !known.includes(name))).toEqual([])
})

it.skipIf(why !== '')(`has the licences of what is joined in${why}`, () => {
  const text = readFileSync('dist/LICENSES', 'utf8')
  for (const name of JOINED) {
    expect(text).toContain(`${name}\n\n`)
    expect(text).toContain(readFileSync(`node_modules/${name}/LICENSE`, 'utf8').trim())
  }
})

it.skipIf(why !== '')(`joins threads as it joins the command line${why}`, () => {
  const threads = readdirSync('src/cli').filter((name) => /-worker\.ts$/.test(name) && isThread(`src/cli/${name}`))
  expect(threads.length).toBeGreaterThan(1)
  for (const name of threads.map((file) => file.replace(/\.ts$/, '.js'))) {
    expect(readFileSync(`dist/cli/${name}`, 'utf8')).toBe(`import '../main-cli-${name}'\n`)
    expect(existsSync(`dist/main-cli-${name}`)).toBe(true)
  }
})

/** It works on what whoever started it gave it. */
const isThread = (path: string): boolean => readFileSync(path, 'utf8').includes('workerData')

it.skipIf(why !== '')(`writes numbers and readers where they are used${why}`, () => {
  const text = readFileSync('dist/decode/decode.js', 'utf8')
  expect(text).not.toMatch(/< TCP_MIN_HEADER|\bu8\(buf/)
  expect(text).toContain('< (20)')
})
