-- The columns of an adopted table of tickets that seat maps and lists know, each with its type: for a
-- domain, what it is based on. The third column, over all rows, is what {columns} gives as one text.
SELECT a.attname::text, coalesce(b.typname, y.typname)::text, a.attname || ' ' || a.atttypid
  FROM pg_attribute a
  JOIN pg_type y ON y.oid = a.atttypid
  LEFT JOIN pg_type b ON y.typtype = 'd' AND b.oid = y.typbasetype
 WHERE a.attrelid = to_regclass('tickets') AND a.attnum > 0 AND NOT a.attisdropped
   AND a.attname = ANY ($1::text[])
 ORDER BY a.attname
