-- What was sold by a confirm, and under which order. Rows are only added. A ticket that the platform
-- puts on sale again can be sold again, under another order: it then has a row of each. Ids are compared
-- byte by byte, which costs an index less than the rules of a language.
CREATE TABLE holdfast_sales (
  order_id  text COLLATE "C" NOT NULL,
  ticket_id text COLLATE "C" NOT NULL,
  sold_at   timestamptz NOT NULL,
  PRIMARY KEY (order_id, ticket_id)
);
