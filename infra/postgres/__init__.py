"""PostgreSQL: the pool, the migrations, and a repository for each thing remembered."""
