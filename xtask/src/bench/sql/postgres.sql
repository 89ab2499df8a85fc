-- The table of the bench, of 12 columns.
DROP TABLE IF EXISTS bench;
CREATE TABLE bench AS
SELECT
    i::bigint AS id,
    (hashint8(i) & 2147483647)::integer AS quantity,
    (i % 1000003) * 0.37 / 7::double precision AS ratio,
    ((i * 7919) % 100000000 / 100.0)::numeric(12, 2) AS amount,
    (ARRAY['new', 'paid', 'shipped', 'cancelled', 'returned to sender'])[1 + i % 5] AS status,
    'Customer ' || i || ' ' || repeat(substr(md5(i::text), 1, 8) || ' ', (i % 9)::int) AS description,
    md5(i::text)::uuid AS token,
    i % 3 = 0 AS is_active,
    DATE '2015-01-01' + (i % 4000)::int AS born_on,
    TIMESTAMP '2020-01-01 00:00:00' + i * INTERVAL '37.000123 seconds' AS local_time,
    TIMESTAMPTZ '2020-01-01 00:00:00+00' + i * INTERVAL '41.5 seconds' AS updated_at,
    CASE WHEN i % 4 <> 0 THEN 'note ' || (i % 1000) || CASE WHEN i % 10 = 0 THEN ', "quoted" – ünïcode' ELSE '' END END AS note
FROM generate_series(1::bigint, {rows}) AS i;
ALTER TABLE bench ADD PRIMARY KEY (id);
ALTER TABLE bench ALTER quantity SET NOT NULL, ALTER amount SET NOT NULL, ALTER status SET NOT NULL, ALTER updated_at SET NOT NULL;
CREATE INDEX bench_updated_at ON bench (updated_at);
VACUUM ANALYZE bench;
