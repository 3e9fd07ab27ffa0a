/** THE TABLE of routes: the server answers these, and the OpenAPI document lists them. */
import { health } from './health.ts'
import type { Route } from './route.ts'
import { tokenList } from './token-list.ts'

export const ROUTES: readonly Route[] = [health, tokenList]
