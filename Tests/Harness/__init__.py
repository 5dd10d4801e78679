"""What deploy/bench and deploy/chaos share: processes, PostgreSQL, a site, HTTP, FastCGI, tables."""
