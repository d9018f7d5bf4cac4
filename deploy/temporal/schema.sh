#!/bin/sh
# Brings Temporal's two databases to the schema of this image's release; safe to repeat.
set -eu
SQL_PASSWORD="$(cat /run/secrets/postgres_temporal_password)"
export SQL_PASSWORD

bring_up_to_date() { # bring_up_to_date DATABASE SCHEMA
    sql_tool "$1" setup-schema -v 0.0 # leaves a schema that is there as it is
    sql_tool "$1" update-schema -d "/etc/temporal/schema/postgresql/v12/$2/versioned"
}

sql_tool() { # sql_tool DATABASE COMMAND...
    database="$1"
    shift
    temporal-sql-tool --plugin postgres12 --ep postgres -p 5432 -u temporal --db "$database" "$@"
}

bring_up_to_date temporal temporal
bring_up_to_date temporal_visibility visibility
