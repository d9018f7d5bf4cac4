"""The control room's HTTP API, `/control/*`: people's hands, outages, delivery, the clock."""
