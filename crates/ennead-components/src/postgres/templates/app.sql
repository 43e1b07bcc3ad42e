\set ON_ERROR_STOP on
-- The statements hold a password: they are not logged, whatever the settings say.
SET log_statement = 'none';
SET log_min_error_statement = 'panic';
SET log_min_duration_statement = -1;
\set password `sed -n 's/^[*]:[*]:[*]:{{ role }}://p' {{ passfile }}`
SELECT 'CREATE ROLE {{ role }} LOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{{ role }}') \gexec
ALTER ROLE {{ role }} LOGIN PASSWORD :'password';
SELECT 'CREATE DATABASE {{ role }} OWNER {{ role }}' WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = '{{ role }}') \gexec
