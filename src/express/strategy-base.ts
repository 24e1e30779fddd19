import type { Strategy, StrategyCreatedStatic } from 'passport'
import { Strategy as PassportStrategy } from 'passport-strategy'

/**
 * What Passport takes for a strategy. Typed by Passport's own types, so that apps need no others:
 * docs/decisions/few-dependencies.md.
 */
export const StrategyBase: new () => Strategy & StrategyCreatedStatic = PassportStrategy as never
