// Loaded into Playwright's own driver: Firefox ESR 153 does not know a command that the driver gives to each new page.
const Module = require('module')
const compile = Module.prototype._compile
Module.prototype._compile = function (source, file) {
  const known = source => source.replaceAll('emulation.setMediaFeaturesOverride', 'session.status')
  return compile.call(this, file.endsWith('coreBundle.js') ? known(source) : source, file)
}
