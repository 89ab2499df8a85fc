-- The table of the bench, of 12 columns.
DROP TABLE IF EXISTS bench;
CREATE TABLE bench (
    id BIGINT NOT NULL PRIMARY KEY,
    quantity INT NOT NULL,
    ratio DOUBLE,
    amount DECIMAL(12, 2) NOT NULL,
    status VARCHAR(32) NOT NULL,
    description VARCHAR(200),
    token CHAR(36),
    is_active TINYINT(1),
    born_on DATE,
    local_time DATETIME(6),
    updated_at TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
    note VARCHAR(100)
) CHARACTER SET utf8mb4;
SET time_zone = '+00:00';
INSERT INTO bench
SELECT
    seq,
    CRC32(seq) & 2147483647,
    (seq MOD 1000003) * 0.37e0 / 7,
    (seq * 7919 MOD 100000000) / 100,
    ELT(1 + seq MOD 5, 'new', 'paid', 'shipped', 'cancelled', 'returned to sender'),
    CONCAT('Customer ', seq, ' ', REPEAT(CONCAT(LEFT(MD5(seq), 8), ' '), seq MOD 9)),
    INSERT(INSERT(INSERT(INSERT(MD5(seq), 9, 0, '-'), 14, 0, '-'), 19, 0, '-'), 24, 0, '-'),
    seq MOD 3 = 0,
    DATE '2015-01-01' + INTERVAL (seq MOD 4000) DAY,
    TIMESTAMP '2020-01-01 00:00:00.000000' + INTERVAL (seq * 37000123) MICROSECOND,
    TIMESTAMP '2020-01-01 00:00:00.000000' + INTERVAL (seq * 41) SECOND,
    CASE WHEN seq MOD 4 <> 0 THEN CONCAT('note ', seq MOD 1000, IF(seq MOD 10 = 0, ', "quoted" – ünïcode', '')) END
FROM seq_1_to_{rows};
ALTER TABLE bench ADD INDEX bench_updated_at (updated_at);
ANALYZE TABLE bench;
