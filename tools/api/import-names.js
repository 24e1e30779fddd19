import { Converter } from 'typedoc'
import { entryPoints } from './entry-points.js'

/** A plugin of TypeDoc: calls each entry point by what apps import. TypeDoc calls it by the path of its types. */
export function load(app) {
  app.converter.on(Converter.EVENT_RESOLVE_END, ({ project }) => {
    for (const { name, types } of entryPoints) {
      const path = types
        .replace(/^dist\//, '')
        .replace(/\.d\.[mc]?ts$/, '')
        .replace(/(?<=.)\/index$/, '')
      const module = project.children.find((child) => child.name === path)
      module.name = name === 'index' ? 'passport-ilert' : `passport-ilert/${name}`
    }
  })
}
