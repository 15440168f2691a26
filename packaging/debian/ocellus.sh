#!/bin/sh
# exec: the service manager watches this process, and signals are for the program.
exec /usr/lib/ocellus/node/bin/node /usr/lib/ocellus/dist/main.js "$@"
