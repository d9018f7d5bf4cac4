#!/bin/sh
# The image reads the database's password from its environment only; Compose keeps it in a file.
set -eu
POSTGRES_PWD="$(cat /run/secrets/postgres_temporal_password)"
export POSTGRES_PWD
exec /etc/temporal/entrypoint.sh
