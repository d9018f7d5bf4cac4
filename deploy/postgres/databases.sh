#!/bin/bash
# Runs once, when the database server's volume is empty: a user for the shop and one for Temporal,
# each the owner of its own databases and a stranger to the other's.
set -Eeuo pipefail

secret() {
    cat "${SECRETS_DIR:-/run/secrets}/$1"
}

psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --username "${POSTGRES_USER:-postgres}" \
    --dbname postgres \
    --set shop_password="$(secret postgres_shop_password)" \
    --set temporal_password="$(secret postgres_temporal_password)" <<'SQL'
create role wgshop login password :'shop_password';
create role temporal login password :'temporal_password';
create database wgshop owner wgshop;
create database temporal owner temporal;
create database temporal_visibility owner temporal;
revoke all on database postgres, wgshop, temporal, temporal_visibility from public;
SQL
