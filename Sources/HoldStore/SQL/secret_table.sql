-- The key of the hashes by which shoppers are known: one row, made at random. Without it nobody can try
-- a person's id against tickets_blocked.shopper_key. Leave this table out of dumps that others get.
CREATE TABLE holdfast_secret (
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  key      bytea NOT NULL
);
-- Each identifier has 122 bits from the server's strong random numbers.
INSERT INTO holdfast_secret (key)
SELECT sha256(convert_to(gen_random_uuid()::text || gen_random_uuid()::text, 'UTF8'));
