#!/usr/bin/env node
// npm links a bin only if its file exists at install time, and the bundle is built later.
require('../dist/peer.cjs');
