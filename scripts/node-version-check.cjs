// All that oclif asks of semver, at each start: whether this is a Node.js that will do.
exports.satisfies = require('../node_modules/semver/functions/satisfies.js')
