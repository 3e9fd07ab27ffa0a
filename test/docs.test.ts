/** What the documents tell to type exists, what they link to is there, and their Terraform is well-formed. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { commandOptions } from './cli/commands.ts'

const ROOT = new URL('../', import.meta.url)
const BENCHES = new URL('bench/README.md', ROOT)

const filesIn = (folder: string): URL[] =>
  readdirSync(new URL(folder, ROOT), { recursive: true }).map((name) => new URL(folder + String(name), ROOT))

const named = ['README.md', 'CONTRIBUTING.md', 'SECURITY.md', 'captures/README.md'].map((name) => new URL(name, ROOT))
const documents = [...named, ...filesIn('docs/'), ...filesIn('bench/')]
  .filter(({ pathname }) => pathname.endsWith('.md'))
  .map((url) => ({ url, name: url.pathname.split('/').slice(-2).join('/'), text: readFileSync(url, 'utf8') }))

/** Code in fences, indented code and inline code; a line that goes on after a backslash is one line. */
function codeLines(text: string): string[] {
  const fences = Array.from(text.matchAll(/^```[^\n]*\n([\s\S]*?)^```/gm), ([, code]) => code as string)
  const prose = text.replace(/^```[^\n]*\n[\s\S]*?^```/gm, '')
  const indented = prose.match(/^ {4}\S.*$/gm) ?? []
  const inline = Array.from(prose.matchAll(/`([^`]+)`/g), ([, code]) => (code as string).replaceAll('\n', ' '))
  return [...fences.flatMap((code) => code.replaceAll('\\\n', ' ').split('\n')), ...indented, ...inline]
}

/** Command lines of intransit: their words up to a pipe, another command or a comment, without what is in quotes. */
function commandLines(text: string): string[][] {
  return codeLines(text).flatMap((line) => {
    const [, rest] = /(?<![\w./@-])intransit (?=[a-z])(.*)/.exec(line.replace(/'[^']*'|"[^"]*"/g, 'QUOTED')) ?? []
    return rest === undefined
      ? []
      : [
          rest
            .split(/ [|>&#] | [|>&#]|; /)[0]
            ?.trim()
            .split(/\s+/) ?? [],
        ]
  })
}

/** A command and its subcommand, if that is one of its own and meant; `list|show` names two. */
function commandsIn(words: readonly string[], commands: ReadonlyMap<string, unknown>): string[] {
  const [command = '', sub = ''] = words
  const isGroup = [...commands.keys()].some((name) => name.startsWith(`${command} `))
  const isItself = commands.has(command) && /^(-|$)/.test(sub)
  return isGroup && !isItself ? sub.split('|').map((name) => `${command} ${name}`) : [command]
}

/** A heading's anchor: its words in small letters, with dashes, without signs. */
const anchorsOf = (text: string): string[] =>
  (text.match(/(?<=^#+ ).*$/gm) ?? []).map((title) =>
    title
      .toLowerCase()
      .replace(/[^\w\s-]/g, '')
      .replace(/\s/g, '-'),
  )

describe('the documents', () => {
  const commands = commandOptions()

  it('are compared with a command line that was understood', () => {
    expect([...commands.keys()].sort()).toEqual(
      expect.arrayContaining(['capture', 'migrate', 'policy check', 'policy list', 'policy show', 'replay']),
    )
    expect(commands.get('replay')).toContain('--workers')
    expect(documents.flatMap(({ text }) => commandLines(text)).length).toBeGreaterThan(12)
  })

  it.each(documents)('$name tells only commands and options that exist', ({ text }) => {
    for (const words of commandLines(text)) {
      for (const name of commandsIn(words, commands)) {
        expect([...commands.keys()], words.join(' ')).toContain(name)
        for (const word of words)
          if (word.startsWith('--')) expect(commands.get(name), words.join(' ')).toContain(word.split('=')[0])
      }
    }
  })

  it.each(documents)('$name links to what is there', ({ url, text }) => {
    for (const [, link, anchor] of text.matchAll(/\]\(([^)#\s]*)(?:#([^)]*))?\)/g)) {
      if (/^[a-z]+:/.test(link as string)) continue
      const target = new URL(link as string, url)
      expect(existsSync(target), link).toBe(true)
      if (anchor !== undefined) expect(anchorsOf(readFileSync(target, 'utf8')), `${link}#${anchor}`).toContain(anchor)
    }
  })

  it('have every bench in the table of benches', () => {
    const { scripts } = JSON.parse(readFileSync(new URL('package.json', ROOT), 'utf8')) as { scripts: object }
    const benches = Object.keys(scripts).filter((name) => /^bench\b/.test(name))
    expect(benches.length).toBeGreaterThan(10)
    const text = readFileSync(BENCHES, 'utf8')
    for (const name of benches) expect(text).toMatch(new RegExp(`\`(npm run )?${name}\``))
  })

  it.each([
    { name: 'an unknown option', line: '`intransit replay FILE --loud`', want: ['replay', 'FILE', '--loud'] },
    { name: 'a pipe', line: '`sudo intransit capture --whole | jq .x`', want: ['capture', '--whole'] },
    {
      name: 'options inside of quotes',
      line: "`intransit replay - --filter 'a --b'`",
      want: ['replay', '-', '--filter', 'QUOTED'],
    },
    { name: 'the unit, which is no command', line: '`systemctl start intransit-capture@eth1`', want: undefined },
  ])('are read rightly where there is $name', ({ line, want }) => expect(commandLines(line)[0]).toEqual(want))
})

const terraform = documents.flatMap(({ name, text }) =>
  Array.from(text.matchAll(/^```terraform\n([\s\S]*?)^```/gm), ([, code]) => ({ name, code: code as string })),
)

/** Blocks, attributes and comments of HCL; enough to see what was left open or mistyped. */
function hclFaults(code: string): string[] {
  const faults: string[] = []
  let depth = 0
  code.split('\n').forEach((line, n) => {
    const bare = line
      .replace(/"(?:[^"\\]|\\.)*"/g, 'S')
      .replace(/#.*/, '')
      .trim()
    if (/["']/.test(bare)) faults.push(`line ${n + 1}: a string is left open`)
    for (const [open, close] of ['()', '[]'] as const)
      if (bare.split(open as string).length !== bare.split(close as string).length)
        faults.push(`line ${n + 1}: ${open}${close}`)
    const isKnown = /^$|^}$|^\w+( S)* {(?: \w+ = [^{}]+ })?$|^\w+ += (?:[^={}]+|{|{ \w+ = [^={}]+ })$/.test(bare)
    if (!isKnown) faults.push(`line ${n + 1}: ${line.trim()}`)
    depth += bare.split('{').length - bare.split('}').length
    if (depth < 0) faults.push(`line ${n + 1}: closes what was not opened`)
  })
  if (depth > 0) faults.push('a block is left open')
  return faults
}

describe('Terraform in the documents', () => {
  it('is there', () => expect(terraform.length).toBeGreaterThan(1))

  it.each(terraform)('of $name is well-formed', ({ code }) => expect(hclFaults(code)).toEqual([]))

  it('refers to what it declares', () => {
    const all = terraform.map(({ code }) => code).join('\n')
    const declared = new Set(
      Array.from(all.matchAll(/^(resource|variable) "(\w+)"(?: "(\w+)")?/gm), ([, kind, first, second]) =>
        kind === 'variable' ? `var.${first}` : `${first}.${second}`,
      ),
    )
    const used = all.match(/\b(?:var\.\w+|(?:aws|google|azapi)_\w+\.\w+)/g) ?? []
    expect(used.length).toBeGreaterThan(10)
    for (const name of used) expect(declared).toContain(name)
    for (const name of declared) if (name.startsWith('var.')) expect(used).toContain(name)
  })

  it.each([
    { name: 'a brace', code: 'resource "a" "b" {\n' },
    { name: 'a quote', code: 'name = "x\n' },
    { name: 'a bracket', code: 'names = ["x"\n' },
    { name: 'an equals sign', code: 'name "x"\n' },
  ])('would be told if it lacked $name', ({ code }) => expect(hclFaults(code)).not.toEqual([]))
})
