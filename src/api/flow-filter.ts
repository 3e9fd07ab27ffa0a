/** The filters of what is made of flows: a parameter given several times takes any of them, different ones must all hold. */

import type { Query, Schema } from './route.ts'
import { PORT, TEXT, VERDICT } from './schemas.ts'

/** So that no query grows without an end. */
const MAX_VALUES = 50

export const anyOf = (items: Schema, description: string): Schema => ({
  type: 'array',
  items,
  maxItems: MAX_VALUES,
  description,
})

export const IP = { type: 'string', anyOf: [{ format: 'ipv4' }, { format: 'ipv6' }] }

export const FLOW_FILTER = {
  verdict: anyOf(VERDICT, 'The judgement'),
  app_protocol: anyOf({ type: 'string', pattern: '^[a-z0-9._-]{1,64}$' }, 'The protocol; none = not recognised'),
  server_ip: anyOf(IP, 'The address of the server'),
  server_port: anyOf(PORT, 'The port of the server'),
  server_name: anyOf(
    { type: 'string', minLength: 1, maxLength: 255 },
    'The name that the client asked for, in any case; *.example.com = all names below example.com',
  ),
  sensor: anyOf({ ...TEXT, maxLength: 255 }, 'The sensor that saw it'),
}

/** As flows.sql and services.sql take them. */
export function flowFilter(query: Query): Record<string, unknown> {
  const names = valuesOf(query['server_name']).map((name) => String(name).toLowerCase())
  return {
    verdicts: valuesOf(query['verdict']),
    app_protocols: valuesOf(query['app_protocol']),
    server_ips: valuesOf(query['server_ip']),
    server_ports: valuesOf(query['server_port']),
    sensors: valuesOf(query['sensor']),
    server_names: names.filter((name) => !name.startsWith('*.')),
    server_name_suffixes: names.filter((name) => name.startsWith('*.')).map((name) => name.slice(1)),
  }
}

export const valuesOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])
